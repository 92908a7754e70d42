"""The family of refusals. Each module raises its own kind; only the edges turn them into words for a person.

ZamuError
├── Malformed                what came in cannot be read
│   └── BadData              catalogue.reading: the data files cannot be loaded
├── BookingRefused           booking.errors: nothing was changed
│   ├── NotOffered           no such time, or it can no longer be booked
│   ├── SlotFull             somebody else has the last place
│   │   └── HoldExpired      the place was held for this caller and has been given to another
│   ├── AlreadyBooked        the person served has a live booking for the service
│   ├── TooManyBookings      the phone has as many live bookings as it may
│   └── NoSuchBooking        this phone has no live booking of that number
├── IllegalMove              tracking.stages: a document cannot go from its stage to that one
├── TooManyLookups           tracking.lookup: this phone, or anybody of this number, in an hour
├── TooManySms               messaging.limits: the message was asked for often enough in the last hour
├── Unworded                 messaging.templates: a message that cannot be put into words
└── Unsealable               people.sealing: sealed with another key, or damaged

core.settings.SettingsError is none of them: it is told to whoever starts Zamu, before there is anybody to refuse.
"""


class ZamuError(Exception):
    """A refusal that somebody is told about."""


class Malformed(ZamuError):
    """Input that cannot be read; the message is a plain sentence for whoever sent it."""
