"""`zamu messages`: what is stuck, what did not leave, and what an operator does about it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import click
import sqlalchemy as sa

from core.campaigns import pending
from core.clock import local
from core.db import Transaction
from core.errors import Malformed
from core.messaging import desk, outbox, watch
from core.messaging.tables import Message, Status
from core.people.audit import Actor
from core.people.register import Register
from core.phones import NETWORKS, parse_msisdn
from web.commands.opening import given_settings, now, opened, table, wake

LISTED = 50
AT_ONCE = 500
"""Messages put back in one transaction."""

TO_DO = {
    watch.Kind.NEVER_SENT: "due for more than 5 minutes in a lane that should run: is `zamu worker LANE` running?",
    watch.Kind.UNREPORTED: "taken by the gateway over an hour ago, and no report: do reports reach us (`zamu smoke`)?",
    watch.Kind.UNKNOWN: "perhaps taken: look them up at the gateway, then `zamu messages resolve`.",
}
REFUSED = {
    "not_failed": "it has not failed",
    "was_taken": "the gateway took it, and it may have been sent",
    "changed_since": "something has happened since to what it tells about: it may no longer be true",
    "out_of_time": "its time is over; give it more with --hours",
}
BY = click.option("--by", required=True, help="Who decides this: kept with it.")


@click.group()
def messages() -> None:
    """What is stuck, what did not leave, what a phone was sent; and what to do about it."""


@messages.command()
def stuck() -> None:
    """How each lane stands, and what is stuck in it."""
    settings, moment = given_settings(), now()
    with opened(settings) as transaction, transaction() as db:
        lanes = watch.lanes_now(db, settings.caps, moment)
        found = watch.stuck(db, lanes, moment)
    rows = [(at.lane, at.pending, at.due, at.sending, at.unknown, at.sent, _standing(at)) for at in lanes]
    _print_table(("lane", "waiting", "due", "in hand", "unknown", "unreported", ""), rows)
    click.echo("")
    for of_kind in found:
        moving = " (the lane is being worked off)" if of_kind.moving else ""
        click.echo(f"{of_kind.messages} {of_kind.kind} in {of_kind.lane} since {_time(of_kind.since)}{moving}")
    for kind in {of_kind.kind: None for of_kind in found}:
        click.echo(f"{kind}: {TO_DO[kind]}")
    if not found:
        click.echo("Nothing is stuck.")


@messages.command()
@click.option("--reason", help="Only these, such as invalid_phone.")
@click.option("--after", help="Go on where the last page ended.")
def dead(reason: str | None, after: str | None) -> None:
    """What will not leave: failed, expired, withheld; the reasons of the last 24 hours first."""
    with opened(given_settings()) as transaction, transaction() as db:
        counts = desk.reasons(db, since=now() - timedelta(hours=24))
        page = desk.dead(db, limit=LISTED, after=_position(after), error=reason)
    if counts and not after:
        _print_table(
            ("in 24 hours", "status", "reason", "lane"),
            [(count.messages, count.status, count.error or "", count.lane) for count in counts],
        )
        click.echo("")
    _print_page(page, "No message has come to nothing.", "dead" + (f" --reason {reason}" if reason else ""))


@messages.command()
@click.option("--after", help="Go on where the last page ended.")
def unknown(after: str | None) -> None:
    """What the gateway may have taken: never sent again by itself."""
    with opened(given_settings()) as transaction, transaction() as db:
        page = desk.unknown(db, limit=LISTED, after=_position(after))
    _print_page(page, "No message is unknown.", "unknown")


@messages.command()
@click.argument("message_id", type=int)
@click.option("--arrived/--not-arrived", required=True, default=None, help="What you have found out.")
@BY
def resolve(message_id: int, arrived: bool, by: str) -> None:
    """Say what became of an unknown message; one that did not arrive is sent after all, if it is still true."""
    settings = given_settings()
    with opened(settings) as transaction:
        try:
            with transaction() as db:
                desk.resolve(db, message_id, arrived, Actor("terminal", who=by), now())
                pending.keep_still(db, now=now())
                status = db.scalar(sa.select(Message.status).where(Message.id == message_id))
                lanes = outbox.lanes_noted(db)
        except desk.NotUnknown as error:
            raise click.ClickException(f"Message {message_id} is not unknown.") from error
    wake(settings, lanes)
    click.echo(f"Message {message_id} is {status} now.")


@messages.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--reason", help="All that failed for this reason, instead of single ones.")
@click.option("--hours", type=click.IntRange(1, 24 * 7), help="How long those whose time is over are good for now.")
@BY
def requeue(ids: tuple[int, ...], reason: str | None, hours: int | None, by: str) -> None:
    """Send failed messages after all: those that the gateway certainly did not take and that are still true."""
    if bool(ids) == bool(reason):
        raise click.UsageError("Give either the ids of messages or --reason.")
    settings, done = given_settings(), 0
    refused: dict[int, str] = {}
    with opened(settings) as transaction:
        for chosen in _failed(transaction, reason) if reason else [list(ids)]:
            until = now() + timedelta(hours=hours) if hours else None
            with transaction() as db:
                outcome = desk.requeue(db, chosen, actor=Actor("terminal", who=by), now=now(), valid_until=until)
                pending.keep_still(db, now=now())  # of a campaign that was stopped nothing leaves
                lanes = outbox.lanes_noted(db)
            wake(settings, lanes)
            done += len(outcome.done)
            refused |= outcome.refused
    click.echo(f"{done} will be sent.")
    for why, number in Counter(refused.values()).most_common():
        some = ", ".join(str(message_id) for message_id, because in refused.items() if because == why)
        click.echo(f"{number} will not, because {REFUSED[why]}: {some[:200]}")


def _failed(transaction: Transaction, reason: str) -> list[list[int]]:
    """The ids of all that failed for a reason, in batches."""
    batches, after = [], None
    with transaction() as db:
        while True:
            page = desk.dead(db, limit=AT_ONCE, after=after, error=reason)
            batches.append([kept.id for kept in page.messages if kept.status == Status.FAILED])
            after = page.next
            if after is None:
                return [batch for batch in batches if batch]


@messages.command()
@click.argument("phone")
def to(phone: str) -> None:
    """What was written to a phone lately, and what became of it."""
    settings = given_settings()
    try:
        number = parse_msisdn(phone)
    except Malformed as error:
        raise click.ClickException(str(error)) from error
    with opened(settings) as transaction, transaction() as db:
        contact = Register(settings.secret_key).find_contact(db, number)
        found = desk.sent_to(db, contact.id, limit=LISTED) if contact else []
    if contact is None:
        raise click.ClickException("This phone has never called and was never written to.")
    told = [f"It is number {contact.id} here", NETWORKS.get(contact.network or "", "its network is not known")]
    if contact.opted_out_at:
        told.append(f"wants no messages since {_time(contact.opted_out_at)}")
    if contact.blocked_at:
        told.append(f"blocks our messages since {_time(contact.blocked_at)}")
    click.echo(", ".join(told) + ".")
    _print_page(desk.Page(found, None), "Nothing was written to it.", "")


def _standing(lane: watch.LaneNow) -> str:
    told = [
        f"frozen: {lane.frozen}" if lane.frozen is not None else "",
        "rests until the morning" if lane.resting else "",
        f"its cap of KES {lane.cap.kes} a {lane.cap.span} is reached" if lane.cap else "",
    ]
    return "; ".join(filter(None, told))


def _print_page(page: desk.Page, nothing: str, again: str) -> None:
    if not page.messages:
        click.echo(nothing)
        return
    _print_table(
        ("id", "lane", "template", "about", "status", "why", "since", "at the gateway"),
        [
            (m.id, m.lane, m.template, m.subject, m.status, m.error or "", _time(m.at), m.gateway_id or "")
            for m in page.messages
        ],
    )
    if page.next:
        at, message_id = page.next
        click.echo(f"More: zamu messages {again} --after {at.isoformat()}/{message_id}")


def _position(after: str | None) -> tuple[datetime, int] | None:
    if after is None:
        return None
    at, _slash, message_id = after.partition("/")
    try:
        return datetime.fromisoformat(at), int(message_id)
    except ValueError as error:
        raise click.ClickException("--after is what the last page ended with.") from error


def _print_table(heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    for line in table(heads, rows):
        click.echo(line)


def _time(moment: datetime) -> str:
    """In Nairobi."""
    return f"{local(moment):%d %b %H:%M}"
