"""Campaigns at the desk: made, looked at, approved, watched and stopped."""
