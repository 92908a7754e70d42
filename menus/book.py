"""Who is coming, the summary, and the booking itself."""

from typing import Any

from core import wording
from core.booking import commands, queries
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, HoldExpired, NotOffered, SlotFull, TooManyBookings
from core.booking.visits import last_visit
from core.catalogue import telling
from core.clock import local_date
from core.errors import Malformed
from core.people.identities import parse_identity
from core.references import grouped
from core.wording import gettext as _
from menus import hold, mine, services, times
from menus.words import moment, short, when
from ussd.pages import fits
from ussd.replies import Again, Ask, End, Menu, Option, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn

NOBODY = {"kind": "", "number": ""}
"""The person served is known by this phone alone."""

KINDS = ("national_id", "passport", "alien_id", "birth_entry")


@screen()
def again(turn: Turn, service: str, site: str, at: str, **rest: Any) -> Reply:
    """A dropped call is continued: hold the time once more, or say that it is gone."""
    held = hold.take(turn, service=service, site=site, at=at)
    if held is None:
        return go(times.choose, service=service, site=site, notice=_("The time we held is gone."))
    asking = summary if "number" in rest else number if "kind" in rest else who
    return go(asking, **held, **rest)


@screen(leave=hold.give_back, resume=again)
def who(turn: Turn, service: str, site: str, at: str) -> Reply:
    slot = {"service": service, "site": site, "at": at}
    asked = turn.catalogue.services[service].identity
    if asked == "none":
        return _unidentified(turn, slot)
    last = last_visit(turn.db, turn.become_known().id)
    if last and last.beneficiary_id:
        return go(summary, **slot, kind="last", number="")
    return go(new_person, **slot)


def _unidentified(turn: Turn, slot: dict[str, str]) -> Reply:
    """No number is asked for: but a caller who forgot that they have booked already is told."""
    contact = turn.become_known()
    service = slot["service"]
    earlier = [
        b
        for b in queries.live_bookings(turn.db, contact.id, turn.now)
        if b.service_id == turn.catalogue.services[service].id
    ]
    if not earlier:
        return go(summary, **slot, **NOBODY)
    return Menu(
        _("You have booked {service} already: {when}").format(
            service=short(turn.catalogue.services[service].names), when=when(earlier[0].starts_at.isoformat())
        ),
        [
            option(_("Book for another person"), summary, **slot, **NOBODY),
            option(_("My booking"), mine.choose),
        ],
    )


@screen(leave=hold.give_back, resume=again)
def new_person(turn: Turn, service: str, site: str, at: str) -> Reply:
    slot = {"service": service, "site": site, "at": at}
    found = turn.catalogue.services[service]
    unfinished = f"{short(found.names)}, {short(turn.catalogue.sites[site].names)}"
    held = _("{when} is held for you.").format(when=when(at))
    if found.identity == "document":
        labels = (_("National ID"), _("Passport"), _("Alien ID"), _("Birth certificate"))
        return Menu(
            f"{held}\n" + _("Which document has the person coming?"),
            [
                *(option(label, number, **slot, kind=kind) for kind, label in zip(KINDS, labels, strict=True)),
                option(_("None of these"), summary, **slot, **NOBODY),
            ],
            unfinished=unfinished,
        )
    return _ask_number(slot, "national_id", f"{held}\n", unfinished)


@screen(leave=hold.give_back, resume=again)
def number(turn: Turn, service: str, site: str, at: str, kind: str) -> Reply:
    slot = {"service": service, "site": site, "at": at}
    unfinished = f"{short(turn.catalogue.services[service].names)}, {short(turn.catalogue.sites[site].names)}"
    return _ask_number(slot, kind, "", unfinished)


def _ask_number(slot: dict[str, str], kind: str, before: str, unfinished: str) -> Ask:
    question = {
        "national_id": _("Type the ID number of the person coming"),
        "passport": _("Type the passport number of the person coming"),
        "alien_id": _("Type the alien ID number of the person coming"),
        "birth_entry": _("Type the entry number on the birth certificate"),
    }[kind]
    return Ask(
        before + question,
        target(take_number, **slot, kind=kind),
        [option(_("I do not know it"), summary, **slot, **NOBODY)],
        unfinished=unfinished,
    )


@screen()
def take_number(turn: Turn, service: str, site: str, at: str, kind: str, answer: str) -> Reply:
    try:
        identity = parse_identity(kind, answer)
    except Malformed as error:
        return Again(str(error))
    return go(summary, service=service, site=site, at=at, kind=kind, number=identity.number)


@screen(leave=hold.give_back, resume=again)
def summary(turn: Turn, service: str, site: str, at: str, kind: str, number: str) -> Reply:
    """What is booked, for whom, what to bring, the fee; one page wherever it can be."""
    slot = {"service": service, "site": site, "at": at}
    found = turn.catalogue.services[service]
    heading = f"{short(found.names)}, {short(turn.catalogue.sites[site].names)}, {when(at)}"
    options = [option(_("Confirm"), confirm, **slot, kind=kind, number=number)]
    if kind == "last":
        heading += "\n" + _("For the same person as last time")
        options.append(option(_("Another person"), new_person, **slot))
    fee = telling.verified_fee_line(found, local_date(moment(at)))
    whole = f"{heading}\n{services.bring(found)}\n{fee}"
    if not fits("\n".join([whole, *_numbered(options), _("0 Back")])):
        whole = f"{heading}\n{fee}"
        options.append(option(_("What to bring"), what_to_bring, service=service))
    about = f"{short(found.names)}, {short(turn.catalogue.sites[site].names)}"
    return Menu(whole, options, unfinished=about)


@screen()
def what_to_bring(turn: Turn, service: str) -> Reply:
    return Menu(services.bring(turn.catalogue.services[service]), [])


@screen()
def confirm(turn: Turn, service: str, site: str, at: str, kind: str, number: str) -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(services.chosen, purpose="book", service=service)
    key = turn.request_key("book", finishing=True)
    try:
        booked = commands.confirm(
            turn.db,
            contact_id=turn.become_known().id,
            offering=offering,
            starts_at=moment(at),
            beneficiary=_beneficiary(turn, kind, number),
            language=wording.language(),
            closed_days=turn.catalogue.closed_days,
            request_key=key,
            actor=turn.actor,
            now=turn.now,
        )
    except (HoldExpired, SlotFull, NotOffered):
        return go(times.choose, service=service, site=site, notice=_("The time we held is gone."))
    except AlreadyBooked:
        return go(booked_already, service=service)
    except TooManyBookings:
        return go(too_many)
    said = [
        _("Booked: {site}, {when}").format(site=short(offering.site.names), when=when(at)),
        _("Number {reference}. An SMS follows.").format(reference=grouped(booked.reference)),
        _("Late? Come, you will be served."),
        _("Never pay anyone for a place."),
    ]
    return End("\n".join(said))


# Screens of their own: a caller who goes on from here and comes back must not confirm once more by that.


@screen()
def booked_already(turn: Turn, service: str) -> Reply:
    return Menu(
        _("This person has a booking for {service} already.").format(
            service=short(turn.catalogue.services[service].names)
        ),
        [option(_("My booking"), mine.choose)],
    )


@screen()
def too_many(turn: Turn) -> Reply:
    return Menu(
        _("This phone has as many bookings as it can have. Give one up first."),
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
