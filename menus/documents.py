"""My document: those of the caller's own phone at once, any other by its number and what its owner knows."""

from core.catalogue import telling
from core.clock import local_date
from core.errors import Malformed
from core.messaging.limits import TooManySms
from core.messaging.stages import stage_line
from core.references import parse_reference
from core.tracking import lookup
from core.tracking.lookup import TooManyLookups
from core.tracking.stages import READY, Stage
from core.tracking.tables import Document
from core.wording import dates
from core.wording import gettext as _
from menus.words import short
from ussd.replies import Again, Ask, End, Menu, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn

COLLECTING = "COL"
"""The service by which a ready document is collected: its requirements say what to bring."""


@screen()
def mine(turn: Turn) -> Reply:
    """Unasked only to a phone confirmed lately: numbers are lent and recycled."""
    documents = lookup.own_documents(turn.db, turn.contact.id, turn.now) if turn.contact else []
    if not documents:
        return go(ask_number)
    if len(documents) == 1:
        return go(see, document=documents[0].id)
    options = [option(_line(turn, d), see, document=d.id) for d in documents]
    return Menu(
        _("Your documents:"),
        [*options, option(_("Another document"), ask_number)],
        typed=target(typed_number),
    )


@screen()
def typed_number(turn: Turn, typed: str) -> Reply:
    """A number dialled whole (*191*9*2*48210937#) is taken wherever the caller stands."""
    return take_number(turn, answer=typed)


@screen()
def ask_number(turn: Turn) -> Reply:
    return Ask(_("Type the 8 digits of the number on your waiting card"), target(take_number))


@screen()
def take_number(turn: Turn, answer: str) -> Reply:
    try:
        number = parse_reference(answer)
    except Malformed:
        return Again(_("That number is not right. It has 8 digits, such as 4821 7096."))
    return go(ask_proof, number=number)


@screen()
def ask_proof(turn: Turn, number: str) -> Reply:
    return Ask(
        _("Type the last 3 digits of the owner's ID. No ID: type the year of birth"), target(take_proof, number=number)
    )


@screen()
def take_proof(turn: Turn, number: str, answer: str) -> Reply:
    """The same answer for a number that does not exist and for one that is not the caller's."""
    digits = answer.replace(" ", "")
    if not (digits.isdecimal() and digits.isascii() and len(digits) in (3, 4)):
        return Again(_("Type 3 digits of the ID, or a year such as 1990."))
    try:
        document = lookup.look_up(
            turn.db,
            turn.register,
            tracking_number=number,
            proof=digits,
            phone_index=turn.register.phone_index(turn.hop.phone),
            request_key=turn.request_key("look-up"),
            now=turn.now,
        )
    except TooManyLookups:
        return End(_("Too many tries from this phone or for this number. Try again in an hour, or ask at the centre."))
    if document is None:
        return Menu(
            _("No document with that number and ID. Check both, or ask at the centre."),
            [option(_("Try again"), ask_number)],
        )
    return go(see, document=document.id)


@screen()
def see(turn: Turn, document: int) -> Reply:
    """Stage, centre, since when, what to bring, what happens next."""
    found = turn.db.get_one(Document, document)
    return Menu(
        "\n".join(status(turn, found)),
        [
            option(_("Send it by SMS"), send, document=document),
            option(_("Another document"), ask_number),
        ],
        typed=target(typed_number),
    )


@screen()
def send(turn: Turn, document: int) -> Reply:
    try:
        lookup.send_status(turn.db, turn.intent("send-status"), document_id=document)
    except TooManySms:
        return go(see, document=document, notice=_("We have just sent it. Please wait for it."))
    return End(_("The SMS is on its way."))


def status(turn: Turn, document: Document) -> list[str]:
    """What a citizen is told of a document, in lines."""
    service = short(turn.catalogue.service_by_id(document.service_id).names)
    site = short(turn.catalogue.site_by_id(document.site_id).names)
    since = dates.month_day(local_date(document.stage_since))
    stage = Stage(document.stage)
    first = _("Document for {service}: {stage}").format(service=service, stage=stage_line(stage, site, since))
    if stage in READY:
        needed = telling.bring_list(turn.catalogue.services[COLLECTING])
        bring = _("Bring: {list}").format(list=", ".join(needed)) if needed else _("Ask the centre what to bring.")
        return [first, bring]
    return [first, NEXT[stage]()]


NEXT = {
    Stage.APPLIED: lambda: _("Next: it goes to the agency."),
    Stage.SENT_TO_AGENCY: lambda: _("Next: the agency works on it."),
    Stage.IN_PROCESS: lambda: _("Next: it is sent to the centre."),
    Stage.NEEDS_CORRECTION: lambda: _("Go to the centre to correct it. It waits for you."),
    Stage.REJECTED: lambda: _("Ask at the centre why, and what you can do."),
    Stage.SENT_TO_CENTRE: lambda: _("Next: the centre receives it."),
    Stage.COLLECTED: lambda: _("If it was not you, tell the centre at once."),
    Stage.TRANSFERRED: lambda: _("Next: the new centre receives it."),
    Stage.RETURNED: lambda: _("Ask at the centre how to have it sent again."),
    Stage.DESTROYED: lambda: _("Ask at the centre how to apply again."),
}


def _line(turn: Turn, document: Document) -> str:
    service = short(turn.catalogue.service_by_id(document.service_id).names)
    return _("{service}: READY").format(service=service) if Stage(document.stage) in READY else service
