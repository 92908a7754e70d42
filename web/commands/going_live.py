"""`zamu callbacks` and `zamu smoke`: for whoever puts a gateway into service."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import click

from core import wording
from core.clock import local
from core.db import Session, Transaction
from core.errors import Malformed
from core.messaging import lanes, money, outbox, seen
from core.messaging.seen import Kind
from core.messaging.tables import Lane, Message, Status
from core.people.audit import Actor, record_event
from core.people.register import Register
from core.phones import parse_phone
from core.settings import Settings
from web.commands.opening import given_settings, now, opened, surroundings, wake

CALLBACKS = {
    Kind.USSD: ("/ussd/africastalking/{secret}", "USSD: callback"),
    Kind.USSD_END: ("/ussd/africastalking/{secret}/events", "USSD: end of session (events)"),
    Kind.DELIVERY: ("/sms/africastalking/{secret}/delivery", "SMS: delivery reports"),
    Kind.INBOUND: ("/sms/africastalking/{secret}/inbound", "SMS: incoming messages"),
    Kind.OPT_OUT: ("/sms/africastalking/{secret}/opt-out", "SMS: bulk opt-out"),
}
"""By kind: the path, and where at the gateway its address belongs."""

NEVER_CAME = {
    Kind.USSD: "dial {code}; if it still has not come, paste the callback's address, and see that ZAMU_USSD_CODES has "
    "the code as it is dialled",
    Kind.USSD_END: "end a call; if it still has not come, paste the address of the events: without them no call is "
    "paid for in `zamu money`",
    Kind.DELIVERY: "paste the address of delivery reports: without them nobody learns what became of a message",
    Kind.INBOUND: "send an SMS to the short code; if it still has not come, paste the address of incoming messages, "
    "and on a shared code see that ZAMU_SMS_SHORT_CODES has its keyword",
    Kind.OPT_OUT: "comes only when somebody opts out at the gateway; see that its address is pasted",
}
VALID = timedelta(minutes=15)
LOOKS_EVERY = 0.5
"""Seconds."""
WAITS = frozenset({Status.PENDING, Status.SENDING, Status.SENT})
"""Something more may come."""
TAKEN = frozenset({Status.SENT, Status.DELIVERED, Status.FAILED})
"""The gateway took it, or refused it."""


@click.command()
def callbacks() -> None:
    """The addresses to paste at the gateway."""
    settings = given_settings()
    if not settings.public_url:
        raise click.ClickException(
            "ZAMU_PUBLIC_URL is not set: where the gateway reaches this machine, like https://zamu.example.go.ke."
        )
    for warning in doubts(settings.public_url):
        click.echo(f"Warning: {warning}", err=True)
    for path, where in CALLBACKS.values():
        click.echo(f"{where:<32}{settings.public_url}{path.format(secret=settings.callback_secrets[0])}")
    click.echo("Whoever knows these addresses can speak for the gateway: paste them nowhere else.", err=True)


def doubts(public_url: str) -> Iterator[str]:
    """Why a gateway may not reach an address, or should not."""
    parts = urlsplit(public_url)
    if parts.scheme == "http":
        yield "http:// sends phones, ID numbers and the secret in the open: use https://."
    host = parts.hostname or ""
    if host == "localhost" or _only_here(host):
        yield f"{host} cannot be reached from outside: the gateway will not find it."


def _only_here(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


@click.command()
@click.option("--phone", required=True, help="Yours: it gets one real SMS.")
@click.option("--language", type=click.Choice(wording.LANGUAGES), default=wording.DEFAULT, show_default=True)
@click.option("--wait", type=click.IntRange(1, 900), default=120, show_default=True, help="Most seconds to wait.")
@click.option("--by", default="an operator", show_default=True, help="Who tries this: kept with it.")
def smoke(phone: str, language: str, wait: int, by: str) -> None:
    """Send one real SMS, follow it, and say when each kind of callback was last seen."""
    settings = given_settings()
    try:
        number = parse_phone(phone)
    except Malformed as error:
        raise click.ClickException(str(error)) from error
    with opened(settings) as transaction:
        message_id = write_smoke(transaction, settings, number, language=language, by=by, now=now())
        wake(settings, [Lane.INTERACTIVE])
        for sentence in follow(transaction, message_id, wait=wait, pause=surroundings().pause):
            click.echo(sentence)
        with transaction() as db:
            message = db.get_one(Message, message_id)
            if message.status in WAITS:
                click.echo(_why_not_yet(db, message, settings, now()))
            last = seen.last_seen(db)
    click.echo("")
    for line in sightings(last, settings):
        click.echo(line)
    if message.status != Status.DELIVERED:
        raise SystemExit(1)


def write_smoke(
    transaction: Transaction, settings: Settings, phone: str, *, language: str, by: str, now: datetime
) -> int:
    """Queue the message as any other; returns its id."""
    with transaction() as db:
        contact = Register(settings.secret_key).contact(db, phone, now=now)
        message = outbox.write(
            db,
            person_id=contact.id,
            lane=Lane.INTERACTIVE,
            template="smoke",
            arguments={},
            language=language,
            subject=f"person:{contact.id}",
            valid_until=now + VALID,
            now=now,
            asked_for=True,
        )
        db.flush()
        record_event(db, "message.smoke", f"message:{message.id}", actor=Actor("terminal", who=by), now=now)
        return message.id


def follow(transaction: Transaction, message_id: int, *, wait: float, pause: Callable[[float], None]) -> Iterator[str]:
    """Each step of a message as a sentence, until there are no more to come or `wait` seconds are over."""
    yield f"Written as message {message_id}."
    waited, told = 0.0, False
    while True:
        with transaction() as db:
            message = db.get_one(Message, message_id)
        if message.gateway and message.status in TAKEN and not told:
            told = True
            yield _handed_over(message)
        if message.status not in WAITS:
            yield _ended(message)
            return
        if waited >= wait:
            return
        pause(LOOKS_EVERY)
        waited += LOOKS_EVERY


def _handed_over(message: Message) -> str:
    cost = f"KES {message.cost_kes:.4f}" if message.cost_kes is not None else "a cost that it did not name"
    sender = message.sender or "the account's own sender"
    number = message.gateway_id or "no id (its reports cannot be matched by one)"
    return f"Handed over to {message.gateway} as {number} from {sender}: {message.segments} SMS for {cost}."


def _ended(message: Message) -> str:
    why = f": {message.error}" if message.error else ""
    told = {
        Status.DELIVERED: "Delivered: the network says that it is on the phone.",
        Status.FAILED: f"Failed{why}.",
        Status.UNKNOWN: f"Unknown{why}. Perhaps it was taken: look at the phone, then `zamu messages resolve`.",
        Status.EXPIRED: "Not sent: its time was over before anybody could hand it over.",
        Status.WITHHELD: f"Not sent, on purpose{why}.",
    }
    return told[Status(message.status)]


def _why_not_yet(db: Session, message: Message, settings: Settings, at: datetime) -> str:
    if message.status == Status.SENT:
        return "No delivery report yet. Is it on the phone? Then the address of delivery reports is not pasted right."
    if message.status == Status.SENDING:
        return "The gateway is being called and has not answered yet: `zamu messages unknown` in a few minutes."
    frozen = lanes.frozen(db, Lane.INTERACTIVE)
    if frozen is not None:
        return f"Not handed over: the lane interactive is frozen ({frozen}). `zamu thaw interactive` thaws it."
    cap = money.reached_cap(db, Lane.INTERACTIVE, settings.caps, at)
    if cap:
        return f"Not handed over: the lane interactive has reached its cap of KES {cap.kes} a {cap.span}."
    if message.error:
        return f"Not handed over yet: the last try failed ({message.error}), and it is tried again."
    return "Not handed over: is `zamu worker interactive` running, and does it reach Valkey?"


def sightings(last: dict[Kind, datetime | None], settings: Settings) -> Iterator[str]:
    """When each kind of callback last came, and what to do about those that never did."""
    for kind, at in last.items():
        name = CALLBACKS[kind][1]
        if at is not None:
            yield f"{name:<32}last came {local(at):%d %b %H:%M}"
        else:
            yield f"{name:<32}never came: {NEVER_CAME[kind].format(code=settings.ussd_codes[0].code)}."
    if None in last.values():
        yield "`zamu callbacks` prints the addresses."
