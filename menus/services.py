"""Which service? The common ones, by its first letters, or by category."""

from collections.abc import Iterable

from core.catalogue import search, telling
from core.catalogue.snapshot import Service
from core.clock import local_date
from core.wording import gettext as _
from menus import places
from menus.words import MOST_FOUND, full, short
from ussd.replies import Again, Menu, Option, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def choose(turn: Turn, purpose: str) -> Reply:
    """`purpose` is book, or info: the same question, another end."""
    common = sorted(
        (s for s in turn.catalogue.services.values() if s.common_rank is not None), key=lambda s: s.common_rank or 0
    )
    return Menu(
        _("Which service? Choose or type its name"),
        [*_options(common[:5], purpose), option(_("More services"), categories, key="6", purpose=purpose)],
        typed=target(find, purpose=purpose),
    )


@screen()
def find(turn: Turn, purpose: str, typed: str) -> Reply:
    found = search.find_services(turn.catalogue, typed)[:MOST_FOUND]
    if not found:
        return Again(_("No service begins like that. Type its first letters."))
    if len(found) == 1:
        return go(chosen, purpose=purpose, service=found[0].code)
    return Menu(_("Which one?"), _options(found, purpose), typed=target(find, purpose=purpose))


@screen()
def categories(turn: Turn, purpose: str) -> Reply:
    return Menu(
        _("Which kind of service?"),
        [option(short(c.names), category, purpose=purpose, code=c.code) for c in turn.catalogue.categories.values()],
        typed=target(find, purpose=purpose),
    )


@screen()
def category(turn: Turn, purpose: str, code: str) -> Reply:
    members = [s for s in turn.catalogue.public_services if s.category == code]
    return Menu(
        short(turn.catalogue.categories[code].names), _options(members, purpose), typed=target(find, purpose=purpose)
    )


@screen()
def chosen(turn: Turn, purpose: str, service: str) -> Reply:
    """On to the place if it can be booked, else what to know of it."""
    if purpose == "book" and turn.catalogue.offerings_of(service):
        return go(places.choose, service=service)
    return go(info, service=service)


@screen()
def info(turn: Turn, service: str) -> Reply:
    found = turn.catalogue.services[service]
    lines = [full(found.names), how(turn, found)]
    if not found.elsewhere:
        lines += [bring(found), telling.fee_line(found, local_date(turn.now))]
    options: list[Option] = []
    if turn.catalogue.offerings_of(service):
        options.append(option(_("Book a visit"), places.choose, service=service))
    return Menu("\n".join(lines), options)


def how(turn: Turn, service: Service) -> str:
    return telling.how_line(service, bookable=bool(turn.catalogue.offerings_of(service.code)))


def bring(service: Service) -> str:
    needed = telling.bring_list(service)
    if needed is None:
        return _("What to bring: ask at the centre.")
    return _("Bring: {list}").format(list=", ".join(needed))


def _options(services: Iterable[Service], purpose: str) -> list[Option]:
    return [option(short(s.names), chosen, purpose=purpose, service=s.code) for s in services]
