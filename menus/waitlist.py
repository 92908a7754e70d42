"""SMS me if earlier: wait for a place, take or leave the one on offer, wait no longer."""

from datetime import date, datetime
from typing import Any

from core.booking import queries, waitlist
from core.booking.beneficiaries import Beneficiary
from core.booking.errors import AlreadyBooked, BookingRefused, OfferOver, TooManyBookings, TooManyWaits
from core.booking.free import can_wait_beside, first_day_to_wait_for, last_day_to_wait_for
from core.booking.tables import Booking
from core.booking.waitlist import queries as waits
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.errors import Malformed
from core.people.identities import parse_identity
from core.references import grouped
from core.wording import dates
from core.wording import gettext as _
from menus import book, mine
from menus.words import about, short, when
from ussd.replies import Again, Ask, End, Menu, Option, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn


def earlier(turn: Turn, offering: Offering, than: datetime) -> list[Option]:
    """A way onto the waitlist, where there are days before the first that is free."""
    until = last_day_to_wait_for(offering, [than], now=turn.now)
    if until is None:
        return []
    return [option(_("SMS me if earlier"), start, **_where(offering), until=until.isoformat())]


def any_time(turn: Turn, offering: Offering) -> Option:
    """The same where nothing at all is free: until the last day that can be booked."""
    until = last_day_to_wait_for(offering, [], now=turn.now)
    assert until is not None
    return option(_("SMS me if a place is free"), start, **_where(offering), until=until.isoformat())


def beside_booking(turn: Turn, booking: Booking) -> list[Option]:
    """Of a booking: wait for an earlier place if there is none to move to now, or wait no longer."""
    assert turn.contact is not None
    for wait in waits.waits_of(turn.db, turn.contact.id):
        if wait.booking_id == booking.id:
            return [option(_("Stop waiting for an earlier time"), stop, entry_id=wait.id)]
    offering = turn.catalogue.offering_by_id(booking.offering_id)
    if offering is None or not can_wait_beside(turn.db, turn.catalogue, offering, booking.starts_at, now=turn.now):
        return []
    return [option(_("SMS me if earlier"), beside, reference=booking.reference)]


def join_beside(turn: Turn, offering: Offering, reference: str, starts_at: datetime) -> bool:
    """Wait beside a booking at its own centre. False if that cannot be."""
    try:
        waitlist.join(
            turn.db,
            turn.intent("wait", finishing=True),
            service=offering.service,
            sites=[offering.site],
            first_day=first_day_to_wait_for(turn.now),
            last_day=local_date(starts_at),
            beneficiary=Beneficiary(),
            booking=reference,
        )
    except BookingRefused:
        return False
    return True


@screen()
def beside(turn: Turn, reference: str) -> Reply:
    booking = queries.booking_of(turn.db, reference, turn.contact.id) if turn.contact else None
    offering = turn.catalogue.offering_by_id(booking.offering_id) if booking else None
    if booking is None or offering is None:
        return go(mine.see, reference=reference)
    if not join_beside(turn, offering, reference, booking.starts_at):
        return go(mine.see, reference=reference, notice=_("There is nothing earlier to wait for."))
    return End(_in_line() + "\n" + _("You keep your booking until you take an earlier place."))


@screen()
def start(turn: Turn, service: str, site: str, until: str) -> Reply:
    """Who would come? Asked before waiting, so that a YES by SMS is enough to book."""
    found = turn.catalogue.services[service]
    where = {"service": service, "site": site, "until": until}
    if found.identity == "none":
        return go(confirm, **where, kind="", number="")
    if found.identity == "document":
        return Menu(
            _("What ID does the person coming have?"),
            [
                *(option(label, ask_number, **where, kind=kind) for kind, label in book.kinds()),
                option(_("None of these"), confirm, **where, kind="", number=""),
            ],
        )
    return go(ask_number, **where, kind="national_id")


@screen()
def ask_number(turn: Turn, service: str, site: str, until: str, kind: str) -> Reply:
    where = {"service": service, "site": site, "until": until}
    return Ask(
        book.question(kind),
        target(take_number, **where, kind=kind),
        [option(_("I do not know it"), confirm, **where, kind="", number="")],
    )


@screen()
def take_number(turn: Turn, service: str, site: str, until: str, kind: str, answer: str) -> Reply:
    try:
        identity = parse_identity(kind, answer)
    except Malformed as error:
        return Again(str(error))
    return go(confirm, service=service, site=site, until=until, kind=kind, number=identity.number)


@screen()
def confirm(turn: Turn, service: str, site: str, until: str, kind: str, number: str) -> Reply:
    place = about(turn.catalogue.services[service], turn.catalogue.sites[site])
    return Menu(
        _("{place}: wait for a place until {day}?").format(place=place, day=_day(until)),
        [option(_("Confirm"), join, service=service, site=site, until=until, kind=kind, number=number)],
    )


@screen()
def join(turn: Turn, service: str, site: str, until: str, kind: str, number: str) -> Reply:
    intent = turn.intent("wait", finishing=True)
    person = turn.register.identity(turn.db, kind, number, now=turn.now).id if kind else None
    try:
        waitlist.join(
            turn.db,
            intent,
            service=turn.catalogue.services[service],
            sites=[turn.catalogue.sites[site]],
            first_day=first_day_to_wait_for(turn.now),
            last_day=date.fromisoformat(until),
            beneficiary=Beneficiary(person),
        )
    except TooManyWaits:
        return End(_("This phone cannot wait for more. Dial again: My booking, Stop waiting."))
    except BookingRefused:
        return End(_("There is nothing earlier to wait for."))
    return End(_in_line())


@screen()
def offered(turn: Turn, offer_id: int) -> Reply:
    """For whoever cannot answer the SMS, or has not had it."""
    offers = waits.open_offers(turn.db, turn.contact.id, turn.now) if turn.contact else []
    offer = next((o for o in offers if o.id == offer_id), None)
    offering = turn.catalogue.offering_by_id(offer.offering_id) if offer else None
    if offer is None or offering is None:
        return go(mine.choose, seen=True, notice=_gone())
    return Menu(
        _("Earlier place: {service}, {site}, {when}. Held for you until {until}.").format(
            service=short(offering.service.names),
            site=short(offering.site.names),
            when=dates.when(offer.starts_at),
            until=dates.clock(offer.expires_at),
        ),
        [
            option(_("Take it"), take, offer_id=offer_id),
            option(_("Leave it"), leave_it, offer_id=offer_id),
            option(_("My booking"), mine.choose, seen=True),
        ],
    )


@screen()
def take(turn: Turn, offer_id: int) -> Reply:
    intent = turn.intent("accept", finishing=True)
    try:
        booked = waitlist.accept(turn.db, intent, offer_id=offer_id, catalogue=turn.catalogue)
    except OfferOver:
        return go(mine.choose, seen=True, notice=_gone())
    except TooManyBookings:
        return go(book.too_many)
    except AlreadyBooked:
        return go(mine.choose, seen=True, notice=_("Another phone has booked for this person."))
    offering = turn.catalogue.offering_by_id(booked.offering_id)
    site = short(offering.site.names) if offering else ""
    said = _("Booked: {site}, {when}").format(site=site, when=when(booked.starts_at.isoformat()))
    return End(f"{said}\n" + _("Number {reference}. An SMS follows.").format(reference=grouped(booked.reference)))


@screen()
def leave_it(turn: Turn, offer_id: int) -> Reply:
    intent = turn.intent("decline", finishing=True)
    try:
        waitlist.decline(turn.db, intent, offer_id=offer_id)
    except OfferOver:
        return go(mine.choose, seen=True, notice=_gone())
    return End(_("The place goes to the next in line. You are still waiting for another."))


@screen()
def waiting(turn: Turn, entry_id: int) -> Reply:
    line = next((label for wait, label in lines(turn) if wait.id == entry_id), "")
    if not line:
        return go(mine.choose, seen=True)
    return Menu(line, [option(_("Stop waiting"), stop, entry_id=entry_id)])


@screen()
def stop(turn: Turn, entry_id: int) -> Reply:
    waitlist.leave(turn.db, turn.intent("leave", finishing=True), entry_id=entry_id)
    return End(_("You are no longer waiting. A booking you have stays."))


def lines(turn: Turn) -> list[tuple[waits.Wait, str]]:
    """What the caller waits for without a booking, in words: Waiting: Lost ID, GPO, until Sun 6 Dec."""
    if turn.contact is None:
        return []
    return [
        (wait, _("Waiting: {place}, until {day}").format(place=_place(turn, wait), day=dates.day_month(wait.last_day)))
        for wait in waits.waits_of(turn.db, turn.contact.id)
        if wait.booking_id is None
    ]


def _place(turn: Turn, wait: waits.Wait) -> str:
    return about(turn.catalogue.service_by_id(wait.service_id), turn.catalogue.site_by_id(wait.site_ids[0]))


def _in_line() -> str:
    return _("You are in line. When a place is free we SMS you and hold it for you for 30 minutes.")


def _gone() -> str:
    return _("That place is no longer held for you.")


def _day(iso: str) -> str:
    return dates.day_month(date.fromisoformat(iso))


def _where(offering: Offering) -> dict[str, Any]:
    return {"service": offering.service.code, "site": offering.site.code}
