"""Documents and their journey from application to collection."""
