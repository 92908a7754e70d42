"""`zamu campaign`: telling the owners of a backlog of documents, and correcting what was told."""

import contextlib
import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
import sqlalchemy as sa

from core.campaigns import commands, making
from core.campaigns.criteria import Criteria
from core.campaigns.errors import CampaignRefused
from core.campaigns.pressing import Pressed, find
from core.campaigns.preview import preview, sample
from core.campaigns.report import report
from core.campaigns.states import where_it_stands
from core.campaigns.tables import Campaign, State
from core.catalogue.live import read_catalogue
from core.clock import NAIROBI, local, local_date
from core.db import Session
from core.errors import Malformed
from core.messaging import outbox
from core.messaging.templates import Speech
from core.people.audit import Actor
from core.people.register import Register
from core.phones import parse_phone
from core.settings import Settings
from core.wording import LANGUAGES
from web.campaigning import bulk_speech
from web.commands import campaign_lines as lines
from web.commands.opening import given_settings, now, opened, table, wake

HOUR = "%Y-%m-%d %H:%M"
_NEXT = {
    State.DRAFT: "Next: zamu campaign preview {id}, test {id}, then submit {id}.",
    State.SUBMITTED: "Next: somebody else than {created_by}: zamu campaign approve {id}.",
    State.APPROVED: "Next: zamu campaign schedule {id}.",
    State.LOOKING: "Next: zamu campaign report {id}; if all is well, look {id}; otherwise pause {id} or cancel {id}.",
    State.PAUSED: "Next: zamu campaign resume {id}, or cancel {id}.",
}

number = click.argument("number", type=int)
by = click.option("--by", required=True, metavar="NAME", help="Who does this; kept for good.")
reason = click.option("--reason", required=True, help="Kept with the campaign.")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    db: Session
    settings: Settings
    now: datetime

    def speech(self) -> Speech:
        """How a campaign's messages are worded."""
        catalogue = read_catalogue(self.db, today=local_date(self.now))
        return bulk_speech(self.settings, catalogue, Register(self.settings.secret_key))


@contextlib.contextmanager
def desk() -> Iterator[Desk]:
    """One transaction; lanes that were written to are woken after it.

    Raises:
        ClickException: it was refused, and why.
    """
    settings = given_settings()
    try:
        with opened(settings) as transaction:
            with transaction() as db:
                yield Desk(db, settings, now())
            wake(settings, outbox.lanes_noted(db))
    except (CampaignRefused, Malformed) as error:
        raise click.ClickException(str(error)) from error


@click.group()
def campaign() -> None:
    """Tell the owners of a backlog of documents that they are ready, or correct what was told."""


@campaign.command()
@click.argument("name")
@click.option("--service", "services", multiple=True, help="Code, such as IDR; several times for several. All if none.")
@click.option("--site", "sites", multiple=True, help="Code of a centre, such as GPO; as --service.")
@click.option("--least-days", default=0, show_default=True, type=click.IntRange(0), help="On the shelf.")
@click.option("--most-days", type=click.IntRange(0), help="On the shelf.")
@by
def new(
    name: str, services: tuple[str, ...], sites: tuple[str, ...], least_days: int, most_days: int | None, by: str
) -> None:
    """A campaign about documents on the shelf whose owners were never told. Nobody is told by making it."""
    criteria = Criteria(
        services=tuple(code.upper() for code in services),
        sites=tuple(code.upper() for code in sites),
        least_days=least_days,
        most_days=most_days,
    )
    with desk() as at:
        key = _key("new", name, criteria, by, local_date(at.now))
        made = making.draft(at.db, name=name, criteria=criteria, actor=_actor(by), request_key=key, now=at.now)
        _show_preview(at, made)
        _say(made)


@campaign.command("preview")
@number
def show(number: int) -> None:
    """The wording, how many SMS, the cost, who is told, and who is left out and why."""
    with desk() as at:
        _show_preview(at, find(at.db, number))


@campaign.command()
@number
@click.option("--phone", required=True, help="Where it goes.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--service", default="IDR", show_default=True, help="Named in the text, where it names one.")
@click.option("--site", default="GPO", show_default=True, help="Named in the text, where it names one.")
@by
def test(number: int, phone: str, language: str, service: str, site: str, by: str) -> None:
    """One message to one phone, as a recipient would read it."""
    with desk() as at:
        speech = at.speech()
        if service not in speech.catalogue.services or site not in speech.catalogue.sites:
            raise click.ClickException(f"There is no service {service}, or no centre {site}.")
        worded = sample(find(at.db, number), language, service=service, site=site, speech=speech)
        making.send_test(
            at.db,
            number,
            person=speech.register.contact(at.db, parse_phone(phone), now=at.now),
            sample=worded,
            actor=_actor(by),
            request_key=f"terminal:{uuid.uuid4()}",
            now=at.now,
        )
    click.echo(f"On its way to {phone}: {worded.text}")


@campaign.command()
@number
@by
def submit(number: int, by: str) -> None:
    """Count whom it would tell; above ZAMU_CAMPAIGN_APPROVE_ABOVE somebody else must approve it."""

    def press(at: Desk) -> Pressed:
        bounds = {"approve_above": at.settings.approve_above, "sms_a_day": at.settings.sms_a_day}
        return making.submit(at.db, number, actor=_actor(by), now=at.now, **bounds)

    _press(press)


@campaign.command()
@number
@by
def approve(number: int, by: str) -> None:
    """Agree to it, as a second person."""
    _press(lambda at: commands.approve(at.db, number, actor=_actor(by), now=at.now))


@campaign.command()
@number
@click.option("--at", "hour", type=click.DateTime([HOUR]), help="Nairobi time, like '2026-11-24 09:00'. Now if none.")
@by
def schedule(number: int, hour: datetime | None, by: str) -> None:
    """Say when it begins. In quiet hours it rests by itself."""

    def press(at: Desk) -> Pressed:
        starts_at = hour.replace(tzinfo=NAIROBI) if hour else at.now
        return commands.schedule(at.db, number, starts_at=starts_at, actor=_actor(by), now=at.now)

    _press(press)


@campaign.command()
@number
@by
def look(number: int, by: str) -> None:
    """Say that the first hundred went well: it goes on with the rest."""
    _press(lambda at: commands.look(at.db, number, actor=_actor(by), now=at.now))


@campaign.command()
@number
@reason
@by
def pause(number: int, reason: str, by: str) -> None:
    """Stop it for a while: only what is being handed over at this moment still goes."""
    _press(lambda at: commands.pause(at.db, number, reason=reason, actor=_actor(by), now=at.now))


@campaign.command()
@number
@by
def resume(number: int, by: str) -> None:
    """Let a paused one go on."""
    _press(lambda at: commands.resume(at.db, number, actor=_actor(by), now=at.now))


@campaign.command()
@number
@reason
@by
def cancel(number: int, reason: str, by: str) -> None:
    """End it: what has not left never will, and those people may be told by another campaign."""
    _press(lambda at: commands.cancel(at.db, number, reason=reason, actor=_actor(by), now=at.now))


@campaign.command()
@number
@click.option("--en", required=True, help="What it says in English.")
@click.option("--sw", required=True, help="What it says in Kiswahili.")
@by
def correct(number: int, en: str, sw: str, by: str) -> None:
    """Correct campaign NUMBER: a new one, to all whom it reached. NUMBER is stopped if it still runs."""
    texts = {"en": en, "sw": sw}
    with desk() as at:
        key = _key("correct", number, en, sw)
        made = making.correct(at.db, number, texts=texts, actor=_actor(by), request_key=key, now=at.now)
        _show_preview(at, made)
        _say(made)


@campaign.command("report")
@number
def show_report(number: int) -> None:
    """How far it is, what became of its messages, by network, and what they cost."""
    with desk() as at:
        found = find(at.db, number)
        for line in lines.report_lines(report(at.db, found)):
            click.echo(line)
        _say(found)


@campaign.command("list")
@click.option("--last", default=20, show_default=True, type=click.IntRange(1, 1000))
def list_campaigns(last: int) -> None:
    """The last campaigns, the newest first."""
    with desk() as at:
        found = at.db.scalars(sa.select(Campaign).order_by(Campaign.id.desc()).limit(last)).all()
    rows = [
        (c.id, c.state, c.recipients, c.written, c.created_by, f"{local(c.created_at):{HOUR}}", c.name) for c in found
    ]
    for line in table(("", "state", "recipients", "written", "by", "made", "name"), rows):
        click.echo(line)


def _press(do: Callable[[Desk], Pressed]) -> None:
    with desk() as at:
        pressed = do(at)
    if not pressed.changed:
        click.echo("Nothing was changed.")
    _say(pressed.campaign)


def _say(campaign: Campaign) -> None:
    """Where it stands, and what comes next."""
    click.echo(where_it_stands(campaign))
    if campaign.state == State.APPROVED and campaign.starts_at is not None:
        click.echo(f"It begins {local(campaign.starts_at):{HOUR}}, outside of quiet hours.")
    elif campaign.state in _NEXT:
        click.echo(_NEXT[State(campaign.state)].format(id=campaign.id, created_by=campaign.created_by))


def _show_preview(at: Desk, campaign: Campaign) -> None:
    seen = preview(at.db, campaign, speech=at.speech(), sms_a_day=at.settings.sms_a_day, now=at.now)
    for line in lines.preview_lines(seen):
        click.echo(line)


def _actor(by: str) -> Actor:
    return Actor("terminal", who=by)


def _key(*wanted: Any) -> str:
    """The same wanted again, such as by a second press, is the same request."""
    return f"terminal:campaign:{hashlib.sha256(repr(wanted).encode()).hexdigest()}"
