"""Closures in words, and what a page shows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.booking.availability import day_begins
from core.booking.closing import OFFICER_ABSENT, PUBLIC_HOLIDAY, SYSTEM_DOWN, Impact, Progress, What
from core.booking.closing.commands import HOURS_CHANGED
from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.wording import N_, dates
from core.wording import gettext as _

SAID = {
    SYSTEM_DOWN: N_("The system is down"),
    OFFICER_ABSENT: N_("An officer is absent"),
    HOURS_CHANGED: N_("The hours were changed"),
    PUBLIC_HOLIDAY: N_("A public holiday"),
}
REFUSED = {
    "order": N_("It ends before it begins."),
    "past": N_("That is past. Type a time to come."),
    "long": N_("That is longer than a year: switch the service off at this centre."),
    "counters": N_("There are not so many counters."),
}


@dataclass(frozen=True, slots=True)
class Hit:
    """How many are hit on a day at a service."""

    day: str
    service: str
    people: int


def reason(said: str) -> str:
    return _(SAID[said]) if said in SAID else said


def what_line(catalogue: Catalogue, progress: Progress) -> str:
    """All of the centre; Lost ID; 1 counter of Lost ID."""
    if progress.offering_id is None:
        return _("The whole centre")
    services = (_service(catalogue, number) for number in (progress.offering_id, *progress.also))
    return counters_of(", ".join(services), progress.counters or None)


def _service(catalogue: Catalogue, offering_id: int) -> str:
    offering = catalogue.offering_by_id(offering_id)
    return offering.service.names.spoken_full if offering else _("A service that is switched off")


def what_of(what: What) -> str:
    if what.offering is None:
        return _("The whole centre")
    return counters_of(what.offering.service.names.spoken_full, what.counters)


def counters_of(service: str, counters: int | None) -> str:
    return service if counters is None else _("{service}, counters: {count}").format(service=service, count=counters)


def span_line(starts_at: datetime, ends_at: datetime) -> str:
    """Tue 24 Nov 2026, 8:10am to 5:00pm; with both days, where it is more than one."""
    first, last = local_date(starts_at), local_date(ends_at - timedelta(microseconds=1))
    till = _("the end of the day") if _begins_a_day(ends_at) else dates.clock(ends_at)
    if last != first:
        till = f"{dates.dated(last)}, {till}"
    elif _begins_a_day(starts_at) and _begins_a_day(ends_at):
        return _("{day}, all day").format(day=dates.dated(first))
    return _("{start} to {end}").format(start=f"{dates.dated(first)}, {dates.clock(starts_at)}", end=till)


def _begins_a_day(moment: datetime) -> bool:
    return moment == day_begins(local_date(moment))


def state_line(progress: Progress, now: datetime) -> str:
    """Where it stands."""
    if progress.lifted_at is not None:
        return _("opened again")
    if not progress.is_cleared:
        return _("moving people")
    return _("over") if progress.ends_at <= now else _("everybody has been moved")


def lines(catalogue: Catalogue, impacts: Sequence[Impact]) -> list[Hit]:
    """By day, then by service."""
    found = sorted(row for impact in impacts for row in impact.by_day)
    return [
        Hit(dates.day_month(day), catalogue.service_by_id(service_id).names.spoken_full, people)
        for day, service_id, people in found
    ]


def moved_line(impacts: Sequence[Impact]) -> str:
    """How many can be moved, as far as that was tried."""
    people = sum(impact.people for impact in impacts)
    tried = sum(impact.tried for impact in impacts)
    movable = sum(impact.movable for impact in impacts)
    if not people:
        return _("Nobody is booked then.")
    if tried < people:
        return _("Of the first {tried}, {movable} have another time near it.").format(tried=tried, movable=movable)
    if movable == people:
        return _("All of them have another time near it.")
    return _("{movable} of {people} have another time near it. The others are told, and stand first in line.").format(
        movable=movable, people=people
    )
