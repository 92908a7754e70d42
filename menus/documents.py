"""My document: those of the caller's own phone at once, any other by its number and what its owner knows."""

from core.errors import Malformed
from core.messaging.limits import TooManySms
from core.references import parse_reference
from core.tracking import consents, lookup, telling
from core.tracking.errors import NothingToAllow
from core.tracking.lookup import TooManyLookups
from core.tracking.sentences import next_line
from core.tracking.showing import is_of
from core.tracking.stages import AWAITED, READY, Stage
from core.tracking.tables import Document
from core.wording import dates
from core.wording import gettext as _
from menus.words import short
from ussd.replies import Again, Ask, End, Menu, Reply, go, option, target
from ussd.screens import screen
from ussd.turn import Turn


@screen()
def mine(turn: Turn) -> Reply:
    """Unasked only to a phone confirmed lately: numbers are lent and recycled."""
    if turn.contact and consents.open_question(turn.db, turn.register, turn.contact.id, turn.now):
        return go(asked)
    return go(own)


@screen()
def own(turn: Turn) -> Reply:
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
    return Ask(_("Type your document number: the 8 digits on the SMS or waiting card"), target(take_number))


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
def asked(turn: Turn) -> Reply:
    """Somebody stands at the counter and waits for this answer: it comes before the owner's documents."""
    question = consents.open_question(turn.db, turn.register, turn.contact.id, turn.now) if turn.contact else None
    if question is None:
        return go(own)
    service = turn.catalogue.services[question.service]
    named = f"{short(service.names)}, {short(turn.catalogue.sites[question.site].names)}"
    return Menu(
        _("Somebody with ID ...{digits} asks to collect {document}. Do you allow it?").format(
            digits=question.digits, document=named
        ),
        [
            option(_("Yes, allow it"), answer, consent=question.consent_id, given=True),
            option(_("No"), answer, consent=question.consent_id, given=False),
            option(_("My document"), own),
        ],
    )


@screen()
def answer(turn: Turn, consent: int, given: bool) -> Reply:
    try:
        intent = turn.intent("consent", finishing=True)
        answered = consents.answer_consent(turn.db, intent, consent_id=consent, given=given)
    except NothingToAllow as over:
        return End(str(over))
    if answered.given:
        until = dates.clock(answered.expires_at)
        return End(_("Allowed. The centre may hand it to this person until {time}.").format(time=until))
    return End(_("Not allowed. It stays at the centre for you."))


@screen()
def send(turn: Turn, document: int) -> Reply:
    try:
        lookup.send_status(turn.db, turn.intent("send-status"), document_id=document)
    except TooManySms:
        return go(see, document=document, notice=_("We have just sent it. Please wait for it."))
    return End(_("The SMS is on its way."))


def status(turn: Turn, document: Document) -> list[str]:
    """What a citizen is told of a document, in lines. Its code is only for the phone that is its owner's."""
    service = short(turn.catalogue.service_by_id(document.service_id).names)
    site = turn.catalogue.site_by_id(document.site_id).names
    first = _("Document for {service}: {stage}").format(service=service, stage=telling.stage_said(document, site))
    if not telling.is_ready(document):
        return [first, *telling.promise_said(document, now=turn.now), _next(turn, document)]
    bring = telling.bring_said(turn.catalogue)
    if not _is_owner(turn, document):
        return [first, bring]
    secret = turn.register.collection_code(document.id, document.arrivals)
    return [first, _("Your code: {secret}").format(secret=secret), bring]


def _next(turn: Turn, document: Document) -> str:
    """That nobody need travel to ask: said only where the SMS will come, and to whom it will."""
    contact = turn.contact
    reached = contact is not None and contact.opted_out_at is None and contact.blocked_at is None
    if document.stage in AWAITED and reached and _is_owner(turn, document):
        return _("We SMS you when it is ready.")
    return next_line(Stage(document.stage), document.correction)


def _is_owner(turn: Turn, document: Document) -> bool:
    """Whether this phone was lately shown to be the owner's: number and proof alone can be anybody's."""
    return turn.contact is not None and is_of(document, turn.contact.id, turn.now)


def _line(turn: Turn, document: Document) -> str:
    service = short(turn.catalogue.service_by_id(document.service_id).names)
    return _("{service}: READY").format(service=service) if Stage(document.stage) in READY else service
