"""Documents at the desk: taken in, scanned, shelved and handed over."""
