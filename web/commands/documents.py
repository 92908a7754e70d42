"""`zamu documents`: taking in files from agencies and centres, and what agencies have promised and not brought."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.tracking.intake.rows import STAGES
from core.tracking.stages import Stage
from web.commands.opening import given_settings, now, opened, surroundings, table

if TYPE_CHECKING:
    from web.intake import Order, Report

REFUSED, UNREADABLE = 1, 2
"""How `receive` exits when rows were refused, and when nothing could be read."""
_PHONES = {
    "bad_phone": "with a phone that cannot be one: the owner is not told",
    "no_phone": "without a phone: the owner is not told",
    "other_phone": "with another phone than the one we have, which is kept",
}


@click.group()
def documents() -> None:
    """Take in documents from agencies and centres, and list what is late."""


@documents.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--stage", type=click.Choice([stage.value for stage in STAGES]), default=Stage.RECEIVED.value, show_default=True,
    help="What the file says of its documents, where a row does not say it itself.",
)  # fmt: skip
@click.option("--centre", help="Code or name of the centre, where a row does not say it itself.")
@click.option("--by", required=True, help="Who takes it in: kept with every step.")
@click.option("--no-notice", is_flag=True, help="Tell no owners: a campaign will.")
@click.option("--again", is_flag=True, help="Read it once more, though it was taken in already.")
def receive(file: Path, stage: str, centre: str | None, by: str, no_notice: bool, again: bool) -> None:
    """Take in a CSV or XLSX file of documents; rows that are refused come back as a file to correct.

    The same file twice changes nothing. Columns: document number, service, centre, ID number, year of birth, phone;
    perhaps stage, promised on, shelf, reason. Order, case and language do not matter.
    """
    from core.errors import Malformed
    from core.people.audit import Actor
    from web.intake import Order

    order = Order(file, Stage(stage), None, Actor("terminal", who=by), tell=not no_notice, again=again)
    try:
        report = _take(order, centre)
    except (Malformed, OSError) as error:
        click.echo(f"{file.name}: {error}", err=True)
        sys.exit(UNREADABLE)
    for line in _lines(file, report):
        click.echo(line)
    if report.broken_off:
        click.echo(f"{file.name}: {report.broken_off} What stands before it was taken in.", err=True)
    if report.broken_off and not report.counts:
        sys.exit(UNREADABLE)
    if report.refused or report.broken_off:
        sys.exit(REFUSED)


@documents.command()
@click.option("--agency", help="Code of an agency, such as NRB. All of them if none.")
def late(agency: str | None) -> None:
    """Documents whose promised day has passed before they came, the oldest promise first."""
    from core.references import grouped
    from core.tracking.promises import late_documents

    with opened(given_settings()) as transaction, transaction() as db:
        found = late_documents(db, now=now(), agency=agency.upper() if agency else None)
    rows = [(d.promised_on, grouped(d.tracking_number), d.service, d.site, d.stage) for d in found]
    for line in table(("promised", "number", "service", "centre", "stage"), rows) if rows else ["Nothing is late."]:
        click.echo(line)


def _take(order: "Order", centre: str | None) -> "Report":
    from dataclasses import replace

    from core.catalogue.live import LiveCatalogue
    from core.people.register import Register
    from core.tracking.files import Table
    from core.tracking.intake.names import Finder
    from web.intake import Intake
    from workers.queues import Queues

    settings = given_settings()
    queues = Queues(settings.queue_url)
    with opened(settings) as transaction:
        catalogue = LiveCatalogue(transaction)
        at = surroundings()
        register = Register(settings.secret_key)
        intake = Intake(transaction, catalogue, register, wake=queues.wake, now=at.now, pause=at.pause)
        if centre:
            order = replace(order, centre=Finder(catalogue.current()).site(centre))
        with click.progressbar(length=1000, label=order.path.name) as bar:

            def progress(read: Table) -> None:
                if read.total:
                    bar.update(min(1000, 1000 * read.done() // read.total) - bar.pos)

            report = intake.take(order, progress)
            bar.update(1000 - bar.pos)
    queues.close()
    return report


def _lines(file: Path, report: "Report") -> Iterator[str]:
    from core.clock import local
    from core.tracking.intake import Result

    if report.before is not None:
        before, finished = report.before, report.before.finished_at
        when = f"{local(finished):%d %b %Y, %H:%M}" if finished else ""
        yield f"This file was taken in on {when} by {before.who}: nothing changed."
        yield f"Then: {before.taken} taken, {before.unchanged} unchanged, {before.refused} refused."
        return
    if report.ignored:
        yield f"Columns not understood, and ignored: {', '.join(report.ignored)}"
    for result in Result:
        count = report.counts[result]
        yield f"{count} {result}"
    if report.refused:
        yield f"Correct the refused rows in {report.refused}, and give that file."
    for problem, said in _PHONES.items():
        if report.phones[problem]:
            yield f"{report.phones[problem]} {said}"
    if report.bad_phones:
        yield f"Mend the phones in {report.bad_phones}, and give that file."
