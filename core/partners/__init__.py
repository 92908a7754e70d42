"""Agencies as programs: their keys, their own appointments, and what they are told by webhook."""
