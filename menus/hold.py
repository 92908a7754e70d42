"""The time is held once it is chosen: for five minutes, one a phone, given back when the caller goes back."""

from core.booking import commands
from core.booking.errors import NotOffered, SlotFull
from menus.words import moment
from ussd.turn import Turn


def take(turn: Turn, *, service: str, site: str, at: str) -> dict[str, str] | None:
    """Hold a time for this phone: the service, site and time held, or None if it cannot be had.

    In a walk, what was held earlier: the list that the caller chose from may be another by now.
    """
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return None
    key = turn.request_key("hold")
    try:
        held = commands.hold(
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
        return None
    kept = turn.catalogue.offering_by_id(held.offering_id)
    if kept is None:
        return None
    return {"service": kept.service.code, "site": kept.site.code, "at": held.starts_at.isoformat()}


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
