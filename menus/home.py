"""The first screen. The numbers 1, 2 and 3 are published: they never move."""

from collections.abc import Sequence

from core import wording
from core.booking import queries
from core.booking.tables import Booking
from core.clock import local_date
from core.idempotency import Outcome, once
from core.messaging import consent
from core.people.register import set_language
from core.people.tables import Person
from core.wording import dates
from core.wording import gettext as _
from menus import documents, mine, more, services
from menus.words import short
from ussd.replies import Menu, Option, Reply, go, option
from ussd.screens import screen
from ussd.turn import Turn, Walk

THENS = ("book", "document", "booking", "more")
IN_KISWAHILI = ("5", "6", "7", "8")
"""What the first four are in Kiswahili: shown to a caller whose language is not known, understood from everybody."""

UNBLOCK = {"63902": "*456*9*5#"}
"""By network: where its subscribers allow senders that they have stopped (docs/decisions/0013)."""


@screen()
def home(turn: Turn) -> Reply:
    contact = turn.contact
    if contact is None or contact.language is None:
        return _first_call()
    turn.speak(contact.language)
    bookings = queries.live_bookings(turn.db, contact.id, turn.now)
    title = _("Huduma. Booking is free: pay no broker")
    if contact.blocked_at and not contact.opted_out_at and not turn.answers:
        title = _blocked(turn, contact)
    elif bookings:
        title = _booked(turn, bookings) or title
    other = "en" if wording.language() == "sw" else "sw"
    return Menu(
        title,
        [
            option(_("Book a visit"), services.choose, key="1", purpose="book"),
            option(_("My document"), documents.mine, key="2"),
            option(_("My booking"), mine.choose, key="3"),
            option(_("More"), more.more, key="4"),
            *_spoken("sw", IN_KISWAHILI, hidden=True),
            option("English" if other == "en" else "Kiswahili", speak, key="9", language=other),
        ],
    )


def _booked(turn: Turn, bookings: Sequence[Booking]) -> str | None:
    """The next booking; before that, unless it is today's, one that the centre has moved: nobody may miss that."""
    first = bookings[0]
    if local_date(first.starts_at) > local_date(turn.now):
        first = next((booking for booking in bookings if booking.closure_id), first)
    offering = turn.catalogue.offering_by_id(first.offering_id)
    if offering is None:
        return None
    said = _("Moved by the centre: {service}, {site}, {when}") if first.closure_id else None
    return (said or _("Your booking: {service}, {site}, {when}")).format(
        service=short(offering.service.names), site=short(offering.site.names), when=dates.when(first.starts_at)
    )


def _blocked(turn: Turn, contact: Person) -> str:
    """How to have our SMS again: said once a call, to a phone whose network would not deliver the last one."""
    sender = consent.blocked_sender(turn.db, contact.id)
    unblock = UNBLOCK.get(turn.hop.network)
    if unblock and sender:
        said = _("Your phone blocks SMS from {sender}. To allow them dial {unblock} and choose Activate")
    elif unblock:
        said = _("Your phone blocks our SMS. To allow them dial {unblock} and choose Activate")
    elif sender:
        said = _("Your phone blocks SMS from {sender}. Ask your network to allow them.")
    else:
        said = _("Your phone blocks our SMS. Ask your network to allow them.")
    return said.format(sender=sender, unblock=unblock)


@screen()
def speak(turn: Turn, language: str, then: str = "") -> Reply:
    """Remember the language by phone. In a walk it changes the wording, and nothing is written."""
    turn.speak(language)
    if turn.walk is Walk.LIVE:
        _remember(turn, language)
    if then == "book":
        return go(services.choose, purpose="book")
    return go({"document": documents.mine, "booking": mine.choose, "more": more.more}.get(then, home))


def _remember(turn: Turn, language: str) -> None:
    def work() -> Outcome:
        set_language(turn.db, turn.become_known(), language)
        return {"language": language}

    once(turn.db, turn.request_key("language"), work, now=turn.now)


def _first_call() -> Menu:
    """One hop asks for the language and for what the call is about."""
    in_english = _spoken("en", ("1", "2", "3", "4"))
    return Menu(
        "Huduma. Booking is free: pay no broker",
        [*in_english, *_spoken("sw", IN_KISWAHILI), option("", speak, key="9", language="sw")],
    )


def _spoken(language: str, keys: tuple[str, ...], *, hidden: bool = False) -> list[Option]:
    """The four ways on, each of which also chooses the language."""
    with wording.speaking(language):
        labels = [_("Book a visit"), _("My document"), _("My booking"), _("More")]
    return [
        option("" if hidden else label, speak, key=key, language=language, then=then)
        for key, label, then in zip(keys, labels, THENS, strict=True)
    ]
