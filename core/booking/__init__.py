"""Booking: which times are free, who holds them, who has them.

The words of this room:

- window: a span of a site's day (half an hour) in which people are called; all services of a site share the grid.
- slot: an offering at the start of a window, which is what a caller chooses.
- seat: room for one person in a slot. Sentences call it a place, as citizens do; code does not.
- counter: a row of `windows`. Each seat counts in three: the slot, the site's window and the offering's day.
  (The desks of an offering are `Offering.counters`.)
- hold: a seat kept for five minutes while its caller decides; one a phone.
- booking: a seat that somebody will come for.
- entry: somebody's place in the line of those who wait for an earlier seat.
- offer: a seat kept for half an hour for the first in that line.
"""
