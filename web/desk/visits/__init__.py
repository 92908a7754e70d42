"""People and their visits: the day at a centre, a citizen found, booked for, checked in and served."""
