"""When? The best three times, or any day and time of it; and what to do where it is full.

`moving` is the reference of a booking that is being moved, or empty for a new one.
`again` says that the caller was sent here from their last visit, unasked where.
"""

from datetime import date, datetime

from core.booking import availability
from core.booking.free import is_soon
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.wording import dates
from core.wording import gettext as _
from menus import book, free, hold, mine, places, waitlist
from menus.words import about, short
from ussd.replies import Menu, Option, Reply, go, option
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def choose(turn: Turn, service: str, site: str, moving: str = "", again: bool = False) -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(places.choose, service=service, moving=moving, elsewhere=True)
    best = availability.best_times(offering, **free.known(turn, [offering]))
    if not is_soon(best, turn.now):
        return _full(turn, offering, best, moving)
    options = _times(best, service, site, moving)
    options.append(option(_("Other day or time"), days, service=service, site=site, moving=moving))
    if not moving:
        options += waitlist.earlier(turn, offering, best[0])
    if again or moving:
        options.append(option(_("Another centre"), places.choose, service=service, moving=moving, elsewhere=True))
    return Menu(about(offering.service, offering.site), options, unfinished=about(offering.service, offering.site))


@screen()
def days(turn: Turn, service: str, site: str, moving: str = "") -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(places.choose, service=service, moving=moving, elsewhere=True)
    with_room = availability.days_with_room(offering, **free.known(turn, [offering]))
    if not with_room:
        return go(choose, service=service, site=site, moving=moving)
    return Menu(
        _("Which day?"),
        [
            option(dates.day_month(day), on_day, service=service, site=site, day=day.isoformat(), moving=moving)
            for day in with_room
        ],
        unfinished=about(offering.service, offering.site),
    )


@screen()
def on_day(turn: Turn, service: str, site: str, day: str, moving: str = "") -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(places.choose, service=service, moving=moving, elsewhere=True)
    chosen = date.fromisoformat(day)
    room = availability.free_times(offering, chosen, **free.known(turn, [offering]))
    if not room:
        return go(days, service=service, site=site, moving=moving, notice=_("That day has just filled up."))
    return Menu(
        dates.day_month(chosen),
        [option(dates.clock(t), take, **_slot(service, site, t, moving)) for t in room],
        unfinished=about(offering.service, offering.site),
    )


@screen()
def take(turn: Turn, service: str, site: str, at: str, moving: str = "", wait: bool = False) -> Reply:
    """Hold the time, then ask who is coming; a booking that is moved has its person already.

    `wait`: the caller would rather come earlier, and waits for that once the booking is made.
    """
    held = hold.take(turn, service=service, site=site, at=at)
    if held is None:
        notice = _("That time has just been taken. Choose another.")
        return go(choose, service=service, site=site, moving=moving, notice=notice)
    if moving:
        return go(mine.confirm_move, reference=moving, **held)
    return go(book.who, **held, wait=wait)


def _full(turn: Turn, offering: Offering, best: list[datetime], moving: str) -> Reply:
    """The next free time here, a centre near with an earlier one, and the first place that opens anywhere."""
    here = local_date(best[0]) if best else None
    service, site = offering.service.code, offering.site.code
    options = _times(best[:1], service, site, moving)
    shown = {site}
    for other, day in free.earlier_elsewhere(turn, offering, here):
        label = f"{short(other.site.names)}: {dates.day_month(day)}"
        options.append(option(label, choose, service=service, site=other.site.code, moving=moving))
        shown.add(other.site.code)
    name = short(offering.site.names)
    if not moving:
        options.append(_wait(turn, offering, best))
    if here:
        title = _("{site} is full until {day}").format(site=name, day=dates.day_month(here))
    elif len(shown) > 1:
        title = _("{site} is full. Other centres:").format(site=name)
    else:
        title = _("{service} is full everywhere. A new day opens each morning: dial again tomorrow.").format(
            service=short(offering.service.names)
        )
    options.append(option(_("Another centre"), places.choose, service=service, moving=moving, elsewhere=True))
    return Menu(title, options, unfinished=about(offering.service, offering.site))


def _wait(turn: Turn, offering: Offering, best: list[datetime]) -> Option:
    """Book the far day and wait for a nearer one; where no day is free, just wait."""
    if not best:
        return waitlist.any_time(turn, offering)
    label = _("Book {day}, SMS me if earlier").format(day=dates.month_day(local_date(best[0])))
    return option(label, take, **_slot(offering.service.code, offering.site.code, best[0], ""), wait=True)


def _times(times: list[datetime], service: str, site: str, moving: str) -> list[Option]:
    return [option(dates.when(t), take, **_slot(service, site, t, moving)) for t in times]


def _slot(service: str, site: str, starts_at: datetime, moving: str) -> dict[str, str]:
    return {"service": service, "site": site, "at": starts_at.isoformat(), "moving": moving}
