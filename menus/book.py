"""Who is coming, the summary, and the booking itself."""

from typing import Any

from core.booking import commands, queries
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, HoldExpired, NotOffered, SlotFull, TooManyBookings
from core.booking.tables import Booking
from core.booking.visits import last_visit
from core.catalogue import telling
from core.clock import local_date
from core.errors import Malformed
from core.people.identities import parse_identity
from core.references import grouped
from core.wording import dates
from core.wording import gettext as _
from menus import hold, mine, services, times, waitlist
from menus.words import about, moment, short, when
from ussd.pages import fits
from ussd.replies import Again, Ask, End, Go, Menu, Option, Reply, Target, go, option, screen_name, target
from ussd.screens import screen
from ussd.turn import Turn

NOBODY = {"kind": "", "number": ""}
"""The person served is known by this phone alone."""

KINDS = ("national_id", "passport", "alien_id", "birth_entry")


@screen()
def again(turn: Turn, screen: str, service: str, site: str, at: str, **rest: Any) -> Reply:
    """A dropped call is continued on `screen`: hold the time once more, or say that it is gone.

    The call may have dropped after the booking was made and before its answer arrived.
    """
    slot = {"service": service, "site": site, "at": at}
    if not hold.is_held(turn, slot) and any(b.starts_at == moment(at) for b in _booked(turn, service)):
        if rest.get("kind"):
            return go(booked_before, **slot, screen=screen_name(new_person), rest={"wait": rest.get("wait", False)})
        return go(booked_before, **slot, screen=screen, rest=rest)
    return on(turn, **slot, screen=screen, rest=rest)


@screen(leave=hold.give_back, resume=again)
def who(turn: Turn, service: str, site: str, at: str, wait: bool = False) -> Reply:
    slot = _slot(service, site, at, wait)
    if turn.catalogue.services[service].identity == "none":
        return go(unidentified, **slot)
    last = last_visit(turn.db, turn.become_known().id)
    if last and last.beneficiary_id:
        return go(summary, **slot, kind="last", number="")
    return go(new_person, **slot)


@screen(leave=hold.give_back, resume=again)
def unidentified(turn: Turn, service: str, site: str, at: str, wait: bool = False) -> Reply:
    """No number is known: but a caller who forgot that they have booked already is told."""
    slot = _slot(service, site, at, wait)
    if any(b.beneficiary_no for b in _booked(turn, service)):
        rest = NOBODY | {"wait": wait}
        return go(booked_before, service=service, site=site, at=at, screen=screen_name(summary), rest=rest)
    return go(summary, **slot, **NOBODY)


@screen(leave=hold.give_back)
def booked_before(turn: Turn, service: str, site: str, at: str, screen: str, rest: dict[str, Any]) -> Reply:
    """Perhaps it is for somebody else: then on to `screen`, with the arguments in `rest`."""
    earlier = _booked(turn, service)
    name = short(turn.catalogue.services[service].names)
    if not earlier:
        return go(on, service=service, site=site, at=at, screen=screen, rest=rest)
    return Menu(
        _("You have booked {service} already: {when}").format(service=name, when=dates.when(earlier[0].starts_at)),
        [
            option(_("Book for another person"), on, service=service, site=site, at=at, screen=screen, rest=rest),
            option(_("My booking"), mine.choose),
        ],
    )


@screen()
def on(turn: Turn, service: str, site: str, at: str, screen: str, rest: dict[str, Any]) -> Reply:
    """On with the booking on `screen`: the time is still held, held once more, or gone."""
    held = hold.take(turn, service=service, site=site, at=at)
    if held is None:
        return go(times.choose, service=service, site=site, notice=_("The time held for you is gone. Choose another."))
    return Go(Target(screen, held | rest))


def _booked(turn: Turn, service: str) -> list[Booking]:
    """What this phone has booked of a service."""
    if turn.contact is None:
        return []
    service_id = turn.catalogue.services[service].id
    return [b for b in queries.live_bookings(turn.db, turn.contact.id, turn.now) if b.service_id == service_id]


@screen(leave=hold.give_back, resume=again)
def new_person(turn: Turn, service: str, site: str, at: str, wait: bool = False) -> Reply:
    slot = _slot(service, site, at, wait)
    found = turn.catalogue.services[service]
    unfinished = about(found, turn.catalogue.sites[site])
    held = _("{when} is held for you.").format(when=when(at))
    if found.identity == "document":
        return Menu(
            f"{held}\n" + _("What ID does the person coming have?"),
            [
                *(option(label, number, **slot, kind=kind) for kind, label in kinds()),
                option(_("None of these"), unidentified, **slot),
            ],
            unfinished=unfinished,
        )
    return _ask_number(slot, "national_id", f"{held}\n", unfinished)


@screen(leave=hold.give_back, resume=again)
def number(turn: Turn, service: str, site: str, at: str, kind: str, wait: bool = False) -> Reply:
    slot = _slot(service, site, at, wait)
    unfinished = about(turn.catalogue.services[service], turn.catalogue.sites[site])
    return _ask_number(slot, kind, "", unfinished)


def kinds() -> list[tuple[str, str]]:
    """The papers by which somebody may be known, each with its name."""
    return list(zip(KINDS, (_("National ID"), _("Passport"), _("Alien ID"), _("Birth certificate")), strict=True))


def question(kind: str) -> str:
    return {
        "national_id": _("Type the ID number of the person coming"),
        "passport": _("Type the passport number of the person coming"),
        "alien_id": _("Type the alien ID number of the person coming"),
        "birth_entry": _("Type the Entry No. on the birth certificate"),
    }[kind]


def _slot(service: str, site: str, at: str, wait: bool) -> dict[str, Any]:
    return {"service": service, "site": site, "at": at, "wait": wait}


def _ask_number(slot: dict[str, Any], kind: str, before: str, unfinished: str) -> Ask:
    return Ask(
        before + question(kind),
        target(take_number, **slot, kind=kind),
        [option(_("I do not know it"), unidentified, **slot)],
        unfinished=unfinished,
    )


@screen()
def take_number(turn: Turn, service: str, site: str, at: str, kind: str, answer: str, wait: bool = False) -> Reply:
    try:
        identity = parse_identity(kind, answer)
    except Malformed as error:
        return Again(str(error))
    return go(summary, service=service, site=site, at=at, kind=kind, number=identity.number, wait=wait)


@screen(leave=hold.give_back, resume=again)
def summary(turn: Turn, service: str, site: str, at: str, kind: str, number: str, wait: bool = False) -> Reply:
    """What is booked, for whom, what to bring, the fee; one page wherever it can be."""
    slot = _slot(service, site, at, wait)
    found = turn.catalogue.services[service]
    heading = f"{short(found.names)}, {short(turn.catalogue.sites[site].names)}, {when(at)}"
    options = [option(_("Confirm"), confirm, **slot, kind=kind, number=number)]
    if kind == "last":
        heading += "\n" + _("Same person as last time")
        options.append(option(_("Another person"), new_person, **slot))
    fee = telling.verified_fee_line(found, local_date(moment(at)))
    whole = f"{heading}\n{services.bring(found)}\n{fee}"
    if not fits("\n".join([whole, *_numbered(options), _("0 Back")])):
        whole = f"{heading}\n{fee}"
        options.append(option(_("What to bring"), what_to_bring, service=service))
    return Menu(whole, options, unfinished=about(found, turn.catalogue.sites[site]))


@screen()
def what_to_bring(turn: Turn, service: str) -> Reply:
    return Menu(services.bring(turn.catalogue.services[service]), [])


@screen()
def confirm(turn: Turn, service: str, site: str, at: str, kind: str, number: str, wait: bool = False) -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(services.chosen, purpose="book", service=service)
    intent = turn.intent("book", finishing=True)
    try:
        booked = commands.confirm(
            turn.db,
            intent,
            offering=offering,
            starts_at=moment(at),
            closed_days=turn.catalogue.closed_days,
            beneficiary=_beneficiary(turn, kind, number),
        )
    except (HoldExpired, SlotFull, NotOffered):
        return go(times.choose, service=service, site=site, notice=_("The time held for you is gone. Choose another."))
    except AlreadyBooked as refused:
        return go(booked_already, service=service, mine_too=refused.existing is not None)
    except TooManyBookings:
        return go(too_many)
    waits = wait and waitlist.join_beside(turn, offering, booked.reference, booked.starts_at)
    said = [
        _("Booked: {site}, {when}").format(site=short(offering.site.names), when=when(at)),
        _("Number {reference}. An SMS follows.").format(reference=grouped(booked.reference)),
        _("Earlier place free? We SMS you.") if waits else _("Late? Come, you will be served."),
        _("Booking is free: never pay anyone for it."),
    ]
    return End("\n".join(said))


# Screens of their own: a caller who goes on from here and comes back must not confirm once more by that.


@screen()
def booked_already(turn: Turn, service: str, mine_too: bool) -> Reply:
    name = short(turn.catalogue.services[service].names)
    if mine_too:
        return Menu(
            _("This person has a booking for {service} already.").format(service=name),
            [option(_("My booking"), mine.choose)],
        )
    return Menu(
        _("Another phone has booked {service} for this person. If that was not you, tell the centre.").format(
            service=name
        ),
        [],
    )


@screen()
def too_many(turn: Turn) -> Reply:
    return Menu(
        _("This phone cannot have more bookings. Cancel one first."),
        [option(_("My booking"), mine.choose)],
    )


def _beneficiary(turn: Turn, kind: str, number: str) -> Beneficiary:
    if kind == "last":
        last = last_visit(turn.db, turn.become_known().id)
        return Beneficiary(last.beneficiary_id if last else None)
    if not kind:
        return Beneficiary(None)
    return Beneficiary(turn.register.identity(turn.db, kind, number, now=turn.now).id)


def _numbered(options: list[Option]) -> list[str]:
    return [f"{count} {o.label}" for count, o in enumerate(options, start=1)]
