"""Why a place could not be given.

BookingRefused
├── NotOffered           no such time, or it can no longer be booked
├── SlotFull             somebody else has the last place
│   └── HoldExpired      the place was held for this caller and has been given to another
├── AlreadyBooked        the person served has a live booking for the service
├── TooManyBookings      the phone has as many live bookings as it may
├── NoSuchBooking        this phone has no live booking of that number
├── SamePhone            the booking is to be put on another phone, and this is the one it is on
├── OtherPerson          the booking is for somebody, and nobody was asked for an ID
├── TooManyNumbers       as many wrong ID numbers as a booking allows in an hour
├── OfferOver            the place from the waitlist has gone to somebody else, or never was this phone's
└── TooManyWaits         the phone is on as many waitlists as it may
"""

from core.booking.outcomes import Booked
from core.errors import ZamuError


class BookingRefused(ZamuError):
    """Nothing was changed: the session may go on in the same transaction."""


class NotOffered(BookingRefused):
    """The offering does not give this time now: closed, too soon, too far, off the grid, or of another service."""


class SlotFull(BookingRefused):
    """No place is left in the window, at the site or on the day. What the caller held or had booked is still theirs."""


class HoldExpired(SlotFull):
    """The caller's hold has run out, and the place it kept has been taken since."""


class AlreadyBooked(BookingRefused):
    """The person served has a live booking for the service: it can be moved, not doubled."""

    def __init__(self, existing: Booked | None) -> None:
        super().__init__("this person has a live booking for the service")
        self.existing = existing
        """That booking if this phone made it; None, and nothing told, if another did."""


class TooManyBookings(BookingRefused):
    """The phone has as many live bookings as it may."""


class NoSuchBooking(BookingRefused):
    """No live booking has this reference, or it is another phone's: the same answer."""


class SamePhone(BookingRefused):
    """The booking is on that phone already."""


class OtherPerson(BookingRefused):
    """The booking is for a person whose number nobody was asked for."""


class TooManyNumbers(BookingRefused):
    """As many wrong ID numbers were given for the booking as it allows in an hour: not even the right one is taken."""


class OfferOver(BookingRefused):
    """The offer was answered, has run out, or was made to another phone: the same answer. The phone stays in line."""


class TooManyWaits(BookingRefused):
    """The phone is on as many waitlists as it may."""
