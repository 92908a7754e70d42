"""The family of refusals. Each module raises its own kind; only the edges turn them into words for a person.

ZamuError
├── Malformed            a callback or a row that cannot be read
├── booking.errors.*     SlotFull, HoldExpired, AlreadyBooked, TooManyBookings, NoSuchBooking …
└── tracking …           IllegalMove
"""


class ZamuError(Exception):
    """A refusal that somebody is told about."""


class Malformed(ZamuError):
    """Input that cannot be read; the message is a plain sentence for whoever sent it."""
