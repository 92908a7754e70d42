"""People: the one table with phones and identity numbers, sealed; and the record of who did what."""
