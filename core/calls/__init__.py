"""Calls: what is kept of them once they are over."""
