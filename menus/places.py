"""Where? A common town, or the first letters of a town or county; then the centre."""

from collections.abc import Sequence
from typing import Any

from core.booking.visits import last_visit
from core.catalogue import search
from core.catalogue.snapshot import Offering
from core.wording import dates
from core.wording import gettext as _
from menus import free, times
from menus.words import MOST_FOUND, short
from ussd.replies import Again, Ask, Menu, Option, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def choose(turn: Turn, service: str, moving: str = "", elsewhere: bool = False) -> Reply:
    """A caller who has been before is offered the same centre again, unless they ask for another place."""
    if turn.contact and not moving and not elsewhere:
        last = last_visit(turn.db, turn.contact.id)
        before = turn.catalogue.offering_by_id(last.offering_id) if last else None
        if before and turn.catalogue.offering(service, before.site.code):
            return go(times.choose, service=service, site=before.site.code, again=True)
    towns = search.common_towns(turn.catalogue)
    return Menu(
        _("Where? Choose, or type your town"),
        [
            *(option(place.name, centres, **_at(place, service, moving)) for place in towns),
            option(_("Elsewhere"), ask, key="6", service=service, moving=moving),
        ],
        typed=target(find, service=service, moving=moving),
        unfinished=short(turn.catalogue.services[service].names),
    )


@screen()
def ask(turn: Turn, service: str, moving: str = "") -> Reply:
    return Ask(
        _("Type the first letters of your town or county, for example Waj for Wajir"),
        target(find_answer, service=service, moving=moving),
    )


@screen()
def find_answer(turn: Turn, service: str, answer: str, moving: str = "") -> Reply:
    return find(turn, service=service, typed=answer, moving=moving)


@screen()
def find(turn: Turn, service: str, typed: str, moving: str = "") -> Reply:
    found = search.find_places(turn.catalogue, typed)[:MOST_FOUND]
    if not found:
        return Again(_("No such place. Type the first letters of a town or county."))
    if len(found) == 1:
        return go(centres, **_at(found[0], service, moving))
    return Menu(
        _("Which one?"),
        [option(p.name, centres, **_at(p, service, moving)) for p in found],
        typed=target(find, service=service, moving=moving),
    )


@screen()
def centres(turn: Turn, service: str, sites: Sequence[str], where: str, moving: str = "") -> Reply:
    """Each centre with its first free day; a single one needs no asking."""
    offerings = [o for o in turn.catalogue.offerings_of(service) if o.site.code in sites]
    if not offerings:
        return go(nearest, service=service, site=sites[0], moving=moving)
    if len(offerings) == 1:
        return go(times.choose, service=service, site=offerings[0].site.code, moving=moving)
    return Menu(
        _("{town}, first free day:").format(town=where),
        _with_first_days(turn, offerings, moving),
        unfinished=short(turn.catalogue.services[service].names),
    )


@screen()
def nearest(turn: Turn, service: str, site: str, moving: str = "") -> Reply:
    """The place asked for does not offer the service: the nearest that do."""
    offerings = {o.site.code: o for o in turn.catalogue.offerings_of(service)}
    among = [o.site for o in offerings.values()]
    near = search.nearest_sites(turn.catalogue.sites[site], among)[:4]
    return Menu(
        _("Not there. The nearest, with first free day:"),
        _with_first_days(turn, [offerings[s.code] for s in near], moving),
        unfinished=short(turn.catalogue.services[service].names),
    )


def _with_first_days(turn: Turn, offerings: Sequence[Offering], moving: str) -> list[Option]:
    days = free.first_days(turn, offerings)
    options, full = [], _("full")
    for offering in offerings:
        day = days[offering.id]
        label = f"{short(offering.site.names)}: {dates.day(day) if day else full}"
        options.append(
            option(label, times.choose, service=offering.service.code, site=offering.site.code, moving=moving)
        )
    return options


def _at(place: search.Place, service: str, moving: str) -> dict[str, Any]:
    return {"service": service, "sites": [s.code for s in place.sites], "where": place.name, "moving": moving}
