"""The time is held once it is chosen: for five minutes, one a phone, given back when the caller goes back."""

from typing import Any

from core.booking import commands, queries
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
    intent = turn.intent("hold")
    try:
        held = commands.hold(
            turn.db, intent, offering=offering, starts_at=moment(at), closed_days=turn.catalogue.closed_days
        )
    except (SlotFull, NotOffered):
        return None
    kept = turn.catalogue.offering_by_id(held.offering_id)
    if kept is None:
        return None
    return {"service": kept.service.code, "site": kept.site.code, "at": held.starts_at.isoformat()}


def is_held(turn: Turn, slot: dict[str, str]) -> bool:
    """Whether this phone holds that time now."""
    offering = turn.catalogue.offering(slot["service"], slot["site"])
    held = queries.current_hold(turn.db, turn.contact.id, turn.now) if turn.contact else None
    return bool(held and offering and held.offering_id == offering.id and held.starts_at == moment(slot["at"]))


def give_back(turn: Turn, held: dict[str, Any]) -> None:
    """The caller left: somebody else may have the time. Takes the arguments of a screen that held one."""
    offering = turn.catalogue.offering(held["service"], held["site"])
    if turn.contact and offering:
        commands.release(turn.db, turn.intent("release"), offering=offering, starts_at=moment(held["at"]))
