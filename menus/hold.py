"""The time is held once it is chosen: for five minutes, one a phone, given back when the caller goes back."""

from core.booking import commands
from core.booking.errors import NotOffered, SlotFull
from core.wording import gettext as _
from menus import book, mine, times
from menus.words import moment
from ussd.replies import Reply, go
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def take(turn: Turn, service: str, site: str, at: str, moving: str = "") -> Reply:
    """Hold the time, then ask who is coming; a booking that is moved has its person already."""
    if not hold(turn, service=service, site=site, at=at):
        return go(times.choose, service=service, site=site, moving=moving, notice=_("That time is just gone."))
    if moving:
        return go(mine.confirm_move, reference=moving, service=service, site=site, at=at)
    return go(book.who, service=service, site=site, at=at)


def hold(turn: Turn, *, service: str, site: str, at: str) -> bool:
    """Hold a time for this phone; False if it cannot be had."""
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return False
    key = turn.request_key("hold")
    try:
        commands.hold(
            turn.db,
            contact_id=turn.become_known().id,
            offering=offering,
            starts_at=moment(at),
            closed_days=turn.catalogue.closed_days,
            request_key=key,
            actor=turn.actor,
            now=turn.now,
        )
    except (SlotFull, NotOffered):
        return False
    return True


def give_back(turn: Turn) -> None:
    """The caller went back: somebody else may have the time."""
    if turn.contact:
        commands.release(
            turn.db,
            contact_id=turn.contact.id,
            request_key=turn.request_key("release"),
            actor=turn.actor,
            now=turn.now,
        )
