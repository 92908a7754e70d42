"""Signing in at the desk: Flask-Security, with what a shared computer at a counter needs around it."""
