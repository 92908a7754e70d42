"""The first screen. The numbers 1, 2 and 3 are published: they never move."""

from typing import Any

from core import idempotency, wording
from core.booking import queries
from core.wording import dates
from core.wording import gettext as _
from menus import documents, mine, more, services
from menus.words import short
from ussd.replies import Menu, Option, Reply, go, option
from ussd.screens import screen
from ussd.turn import Turn, Walk

IN_KISWAHILI = ("5", "6", "7", "8")
"""What the first four are in Kiswahili: shown to a caller whose language is not known, understood from everybody."""


@screen()
def home(turn: Turn) -> Reply:
    contact = turn.contact
    if contact is None or contact.language is None:
        return _first_call()
    turn.speak(contact.language)
    bookings = queries.live_bookings(turn.db, contact.id, turn.now)
    title = _("Huduma. It is free, pay no broker.")
    if bookings:
        offering = turn.catalogue.offering_by_id(bookings[0].offering_id)
        if offering:
            title = _("Your booking: {service}, {site}, {when}").format(
                service=short(offering.service.names),
                site=short(offering.site.names),
                when=dates.when(bookings[0].starts_at),
            )
    other = "en" if wording.language() == "sw" else "sw"
    return Menu(
        title,
        [
            *_journeys(hidden=False),
            *_in_kiswahili(hidden=True),
            option("English" if other == "en" else "Kiswahili", speak, key="9", language=other),
        ],
    )


@screen()
def speak(turn: Turn, language: str, then: str = "") -> Reply:
    """Remember the language by phone. In a walk it changes the wording, and nothing is written."""
    turn.speak(language)
    if turn.walk is Walk.LIVE:
        _remember(turn, language)
    if then == "book":
        return go(services.choose, purpose="book")
    if then == "document":
        return go(documents.mine)
    if then == "booking":
        return go(mine.choose)
    return go(more.more) if then == "more" else go(home)


def _remember(turn: Turn, language: str) -> None:
    key = turn.request_key("language")
    if idempotency.claim(turn.db, key, now=turn.now) is None:
        turn.register.set_language(turn.db, turn.become_known(), language)
        idempotency.record(turn.db, key, {"language": language})


def _first_call() -> Menu:
    """One hop asks for the language and for what the call is about."""
    wording.speak("en")
    return Menu(
        "Huduma. It is free, pay no broker",
        [*_journeys(hidden=False), *_in_kiswahili(hidden=False), option("", speak, key="9", language="sw")],
    )


def _journeys(*, hidden: bool) -> list[Option]:
    return [
        option(_("Book a visit"), services.choose, key="1", purpose="book"),
        option(_("My document"), documents.mine, key="2"),
        option(_("My booking"), mine.choose, key="3"),
        option(_("More"), more.more, key="4"),
    ]


def _in_kiswahili(*, hidden: bool) -> list[Option]:
    with wording.speaking("sw"):
        labels = [_("Book a visit"), _("My document"), _("My booking"), _("More")]
    thens: list[Any] = ["book", "document", "booking", "more"]
    return [
        option("" if hidden else label, speak, key=key, language="sw", then=then)
        for key, label, then in zip(IN_KISWAHILI, labels, thens, strict=True)
    ]
