"""My booking: see it, move it, give it up, have the SMS again."""

from core.booking import closing, commands, queries
from core.booking.errors import HoldExpired, NoSuchBooking, NotOffered, SlotFull
from core.booking.tables import Booking, BookingHistory
from core.booking.waitlist import queries as waits
from core.messaging.limits import TooManySms
from core.references import grouped
from core.wording import dates
from core.wording import gettext as _
from menus import hold, services, times, waitlist
from menus.words import about, moment, short, when
from ussd.replies import End, Go, Menu, Option, Reply, go, option
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def choose(turn: Turn, seen: bool = False) -> Reply:
    """A place on offer comes first, since it does not wait; unless it has been `seen`. Then what a closure took."""
    if turn.contact is None:
        return _none()
    offers = [] if seen else waits.open_offers(turn.db, turn.contact.id, turn.now)
    if offers:
        return go(waitlist.offered, offer_id=offers[0].id)
    bookings = queries.live_bookings(turn.db, turn.contact.id, turn.now)
    options = [option(_line(turn, b), see, reference=b.reference) for b in bookings]
    options += [option(label, waitlist.waiting, entry_id=wait.id) for wait, label in waitlist.lines(turn)]
    lost = closing.lost_by_closure(turn.db, turn.contact.id, now=turn.now)
    if lost:
        said = _("Cancelled by the centre: {booking}")
        return Menu("\n".join(said.format(booking=_line(turn, b)) for b in lost), [*options, _book()])
    if not options:
        return _none()
    if len(options) == 1:
        return Go(options[0].target)
    return Menu(_("Which booking?"), options)


@screen()
def see(turn: Turn, reference: str) -> Reply:
    booking = _booking(turn, reference)
    if booking is None:
        return _gone()
    offering = turn.catalogue.offering_by_id(booking.offering_id)
    options = []
    if offering:
        slot = {"service": offering.service.code, "site": offering.site.code}
        options.append(option(_("Move to another time"), times.choose, **slot, moving=reference))
    options += [
        option(_("Cancel my booking"), ask_give_up, reference=reference),
        option(_("Send the SMS again"), send_again, reference=reference),
        *waitlist.beside_booking(turn, booking),
    ]
    said = _("Moved by the centre: {booking}. Number {reference}") if booking.closure_id else None
    return Menu(
        (said or _("{booking}. Number {reference}")).format(booking=_line(turn, booking), reference=grouped(reference)),
        options,
    )


@screen()
def move_again(turn: Turn, screen: str, reference: str, service: str, site: str, at: str) -> Reply:
    """A dropped call is continued: hold the new time once more, or say that it is gone."""
    return go(times.take, service=service, site=site, at=at, moving=reference)


@screen(leave=hold.give_back, resume=move_again)
def confirm_move(turn: Turn, reference: str, service: str, site: str, at: str) -> Reply:
    return Menu(
        _("Move to {site}, {when}? You keep your old time until you confirm.").format(
            site=short(turn.catalogue.sites[site].names), when=when(at)
        ),
        [option(_("Confirm"), move, reference=reference, service=service, site=site, at=at)],
        unfinished=about(turn.catalogue.services[service], turn.catalogue.sites[site]),
    )


@screen()
def move(turn: Turn, reference: str, service: str, site: str, at: str) -> Reply:
    offering = turn.catalogue.offering(service, site)
    if offering is None:
        return go(see, reference=reference)
    intent = turn.intent("move", finishing=True)
    try:
        commands.move(
            turn.db,
            intent,
            reference=reference,
            offering=offering,
            starts_at=moment(at),
            closed_days=turn.catalogue.closed_days,
        )
    except (SlotFull, NotOffered, HoldExpired):
        notice = _("That time has just been taken. You still have your old one.")
        return go(times.choose, service=service, site=site, moving=reference, notice=notice)
    except NoSuchBooking:
        return _gone()
    said = _("Moved: {site}, {when}").format(site=short(offering.site.names), when=when(at))
    return End(f"{said}\n" + _("Number {reference}. An SMS follows.").format(reference=grouped(reference)))


@screen()
def ask_give_up(turn: Turn, reference: str) -> Reply:
    booking = _booking(turn, reference)
    if booking is None:
        return _gone()
    return Menu(
        _("Cancel this booking? The time goes to somebody else.") + f"\n{_line(turn, booking)}",
        [option(_("Yes, cancel it"), give_up, reference=reference)],
    )


@screen()
def give_up(turn: Turn, reference: str) -> Reply:
    intent = turn.intent("give-up", finishing=True)
    try:
        commands.give_up(turn.db, intent, reference=reference)
    except NoSuchBooking:
        return _gone()
    return End(_("Booking cancelled. Thank you: somebody else can come. Dial again to book another."))


@screen()
def send_again(turn: Turn, reference: str) -> Reply:
    intent = turn.intent("send-again")
    try:
        commands.send_again(turn.db, intent, reference=reference)
    except TooManySms:
        return go(see, reference=reference, notice=_("We have just sent it. Please wait for it."))
    except NoSuchBooking:
        return _gone()
    return End(_("The SMS is on its way. Number {reference}.").format(reference=grouped(reference)))


def _booking(turn: Turn, reference: str) -> Booking | None:
    return queries.booking_of(turn.db, reference, turn.contact.id) if turn.contact else None


def _none() -> Menu:
    return Menu(_("This phone has no booking."), [_book()])


def _gone() -> Menu:
    return Menu(
        _("You no longer have that booking. It was cancelled, or its day is over."),
        [_book()],
    )


def _book() -> Option:
    return option(_("Book a visit"), services.choose, purpose="book")


def _line(turn: Turn, booking: Booking | BookingHistory) -> str:
    """Lost ID, GPO, Tue 24 Nov 8:00am."""
    service = turn.catalogue.service_by_id(booking.service_id)
    offering = turn.catalogue.offering_by_id(booking.offering_id)
    site = f"{short(offering.site.names)}, " if offering else ""
    return f"{short(service.names)}, {site}{dates.when(booking.starts_at)}"
