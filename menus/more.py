"""More: services and what they need, centres, the language, help."""

from core.catalogue import search, telling
from core.clock import local_date
from core.wording import gettext as _
from menus import home, services
from menus.words import MOST_FOUND, full, short
from ussd.replies import Again, Menu, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def more(turn: Turn) -> Reply:
    return Menu(
        _("What would you like to know?"),
        [
            option(_("What to bring and fees"), services.choose, purpose="info"),
            option(_("Find a centre"), find_centre),
            option(_("Language / Lugha"), languages),
            option(_("Help"), ask_help),
        ],
    )


@screen()
def find_centre(turn: Turn) -> Reply:
    towns = search.common_towns(turn.catalogue)
    return Menu(
        _("Where? Choose, or type your town"),
        [option(place.name, centres, sites=[s.code for s in place.sites]) for place in towns],
        typed=target(find),
    )


@screen()
def find(turn: Turn, typed: str) -> Reply:
    found = search.find_places(turn.catalogue, typed)[:MOST_FOUND]
    if not found:
        return Again(_("No such place. Type the first letters of a town or county."))
    if len(found) == 1:
        return go(centres, sites=[s.code for s in found[0].sites])
    return Menu(_("Which one?"), [option(p.name, centres, sites=[s.code for s in p.sites]) for p in found])


@screen()
def centres(turn: Turn, sites: list[str]) -> Reply:
    if len(sites) == 1:
        return go(centre, site=sites[0])
    return Menu(
        _("Which centre?"), [option(short(turn.catalogue.sites[code].names), centre, site=code) for code in sites]
    )


@screen()
def centre(turn: Turn, site: str) -> Reply:
    """Address, hours, open now? Only what has a source."""
    found = turn.catalogue.sites[site]
    lines = [
        full(found.names),
        telling.address_line(found) or "",
        telling.hours_line(found, local_date(turn.now)) or _("Hours: ask at the centre."),
        _open_line(telling.open_now(found, turn.now, turn.catalogue)),
    ]
    return Menu("\n".join(line for line in lines if line), [])


def _open_line(is_open: bool | None) -> str:
    """Hours are reported, not promised: so is what follows from them."""
    if is_open is None:
        return ""
    return _("Open now") if is_open else _("Closed now")


@screen()
def languages(turn: Turn) -> Reply:
    return Menu(
        "Language / Lugha",
        [option("English", home.speak, language="en"), option("Kiswahili", home.speak, language="sw")],
    )


@screen()
def ask_help(turn: Turn) -> Reply:
    return Menu(
        _(
            "All on this line is free. Never pay a broker or tell anyone your M-PESA PIN. "
            "Late? Come, you will be served. Questions: any Huduma Centre."
        ),
        [option(_("Find a centre"), find_centre)],
    )
