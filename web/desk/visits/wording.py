"""What the desk says about somebody's visit."""

from collections.abc import Mapping
from datetime import datetime

from core.booking.errors import BookingRefused, NotOffered, SlotFull
from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.errors import ZamuError
from core.visits.errors import AlreadyOver, Ambiguous, AnotherCentre, AnotherDay, NotYet, TimeRefused
from core.visits.expected import Expected, State
from core.visits.turning_away import SAID as REASONS
from core.visits.turning_away import Reason
from core.wording import N_, dates
from core.wording import gettext as _

STATES: Mapping[State, str] = {
    State.EXPECTED: N_("Expected"),
    State.CAME: N_("Has come"),
    State.SERVED: N_("Served"),
    State.NOT_SERVED: N_("Could not be served"),
    State.NOT_COME: N_("Did not come"),
    State.PAST: N_("Nobody wrote down what became of them"),
    State.GIVEN_UP: N_("Cancelled"),
    State.CLOSED: N_("Closed, and no other time was found"),
}

OVER: Mapping[State, str] = {
    State.SERVED: N_("Already served: {when}. Nothing was changed."),
    State.NOT_SERVED: N_("Already noted: could not be served, {when}. Nothing was changed."),
    State.NOT_COME: N_("Already noted as not come: {when}. They may be served without a booking."),
    State.PAST: N_("This booking was for {day}. They may be served without a booking."),
    State.GIVEN_UP: N_("This booking was cancelled: {when}. They may be served without a booking."),
    State.CLOSED: N_("This booking ended when the centre was closed. They may be served without a booking."),
}
DEALT_WITH = N_("Somebody has dealt with this visit already. Nothing was changed.")
NOBODY = N_("There is no booking with this number at this centre. They may be served without a booking.")

_TIMES: Mapping[str, str] = {
    "future": N_("That time has not come yet."),
    "too_old": N_("That is more than a week ago. Ask your manager."),
    "before_opening": N_("The centre was not open yet at that time."),
    "another_day": N_("This booking is for {when}. Check the number and the day."),
}


def clock(moment: datetime, now: datetime) -> str:
    """8:05am; with the day, if it is not today."""
    return dates.clock(moment) if local_date(moment) == local_date(now) else dates.when(moment)


def state(visit: Expected, now: datetime) -> str:
    """Where a visit stands, with the time of it."""
    said = _(STATES[visit.state])
    if visit.state is State.CAME and visit.came_at:
        return _("Came at {time}").format(time=clock(visit.came_at, now))
    if visit.state is State.SERVED and visit.ended_at:
        return _("Served at {time}").format(time=clock(visit.ended_at, now))
    if visit.state is State.NOT_SERVED and visit.reason:
        return f"{said}: {_(REASONS[Reason(visit.reason)])}"
    return said


def refusal(error: ZamuError, catalogue: Catalogue) -> str:
    """Why something was not done to a booking, and what may be done instead."""
    if isinstance(error, AnotherDay):
        return _("This booking is for {when}. They may be served today all the same.").format(
            when=dates.when(error.starts_at)
        )
    if isinstance(error, AnotherCentre):
        site = catalogue.site_by_id(error.site_id).names.spoken_full
        said = _("This booking is for {site}, {when}. They may be served here today all the same.")
        return said.format(site=site, when=dates.when(error.starts_at))
    if isinstance(error, AlreadyOver):
        words = {"when": dates.when(error.ended_at), "day": dates.when(error.starts_at)}
        return _(OVER[State(error.outcome)]).format(**words)
    if isinstance(error, TimeRefused):
        return _(_TIMES[error.why]).format(when=dates.when(error.starts_at) if error.starts_at else "")
    if isinstance(error, Ambiguous):
        return _("Several agencies gave this number. Choose the service.")
    if isinstance(error, NotYet):
        return _("They have come, or their time is still ahead. Nothing was changed.")
    if isinstance(error, SlotFull):
        return _("Somebody else has just taken that place. Choose another.")
    if isinstance(error, NotOffered):
        return _("This centre does not give that service then. Nothing was changed.")
    assert isinstance(error, BookingRefused)
    return _(NOBODY)
