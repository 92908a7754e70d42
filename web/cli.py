"""`zamu`: everything an operator starts or asks for, one command each."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.messaging.tables import Lane
from core.settings import LocalSettings, Settings, SettingsError, environment
from web.commands import campaigns, documents, going_live, messages, money, staff
from web.commands.opening import given_settings

if TYPE_CHECKING:  # each command imports what it needs, so that `zamu --help` is quick
    from web.seeding import Seeded

LANES = [lane.value for lane in Lane]
TO_TRY = "Documents to try (My document: the number, then the last 3 digits of the ID, or the year of birth)"

TO_SIGN_IN = "Staff to sign in as (role, staff number, password; the page shows the code that their phone would)"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Zamu: book a place at a government service centre, and follow a document, from any phone."""


@main.command()
def run() -> None:
    """Everything on this machine: servers, demo data, workers, and a phone to dial with."""
    from migrations import migrate
    from web.local.run import run_everything

    def seed(env: Mapping[str, str]) -> list[str]:
        seeded = _seeded(Settings.from_environment(env), demo=True)
        applied = sum(change.applied for change in seeded.changes)
        click.echo(f"The catalogue is loaded ({applied} changes)." if applied else "The catalogue is up to date.")
        accounts = [TO_SIGN_IN, *(f"  {account}" for account in seeded.accounts)] if seeded.accounts else []
        return [TO_TRY, *(f"  {document}" for document in seeded.documents), "", *accounts]

    sys.exit(run_everything(_local_settings(), environ=environment(), migrate=migrate, seed=seed))


@main.command()
def serve() -> None:
    """The web server alone: callbacks, health, metrics."""
    from web.server import serve as serve_until_stopped

    serve_until_stopped("wsgi:app", given_settings().port)


@main.command()
@click.argument("lane", type=click.Choice(LANES))
def worker(lane: str) -> None:
    """One worker of one lane of SMS."""
    from workers.worker import run_worker

    run_worker(given_settings(), lane)


@main.command()
def clock() -> None:
    """The clock: what has to happen by itself. Two of them do no harm."""
    from workers.clock import run_clock

    run_clock(given_settings())


@main.command()
def webhooks() -> None:
    """Tell agencies' systems what has happened. Two of them do no harm."""
    from workers.webhooks import run_webhooks

    run_webhooks(given_settings())


@main.command()
def migrate() -> None:
    """Bring the database to the newest shape (as ZAMU_DATABASE_OWNER_URL)."""
    from migrations import migrate as bring_up

    settings = given_settings()
    if not settings.database_owner_url:
        raise click.ClickException("ZAMU_DATABASE_OWNER_URL is not set: the address for the role that owns the tables.")
    bring_up(settings.database_owner_url)
    click.echo("The database is up to date.")


@main.command()
@click.option("--demo", is_flag=True, help="Open all offerings and make some documents, for trying things out.")
def seed(demo: bool) -> None:
    """Load the catalogue, and say what changed."""
    seeded = _seeded(given_settings(), demo=demo)
    for line in [*seeded.changes, *seeded.documents]:
        click.echo(str(line))
    applied = sum(change.applied for change in seeded.changes)
    click.echo(f"{applied} changes." if applied else "Nothing to change.")


@main.command()
@click.argument("lane", type=click.Choice(LANES))
@click.option("--reason", required=True, help="Kept with the lane, for whoever finds it frozen.")
def freeze(lane: str, reason: str) -> None:
    """Freeze a lane of SMS at once: what is being handed over is finished, nothing more is begun."""
    from web.lanes import freeze_lane

    frozen = freeze_lane(given_settings(), lane, reason)
    click.echo(f"The lane {lane} is frozen ({frozen.reason}). `zamu thaw {lane}` thaws it.")
    click.echo(f"{frozen.pending} messages wait in it; {frozen.sending} are being handed over and still go.")


@main.command()
@click.argument("lane", type=click.Choice(LANES))
def thaw(lane: str) -> None:
    """Thaw a frozen lane."""
    from web.lanes import thaw_lane

    thaw_lane(given_settings(), lane)
    click.echo(f"The lane {lane} is thawed.")


@main.command()
@click.argument("code", default="*191*9#")
@click.option("--phone", default="+254711000001", show_default=True, help="The phone that dials.")
@click.option("--network", default="safaricom", show_default=True, help="safaricom, airtel, telkom or equitel.")
def dial(code: str, phone: str, network: str) -> None:
    """Dial from the terminal, through the simulator that `zamu run` started."""
    from simulator.terminal import dial as dial_from_terminal

    simulator = f"http://127.0.0.1:{_local_settings().simulator_port}"
    sys.exit(dial_from_terminal(code, phone, network, simulator, read=input, write=click.echo))


@main.command("verify-menus")
@click.option("--flow", type=click.Path(path_type=Path), help="Draw the flow into this Markdown file.")
@click.option("--check", is_flag=True, help="Do not write the file: it must already say the same.")
def verify_menus(flow: Path | None, check: bool) -> None:
    """Prove every screen in every language: it fits, can be reached, leads on, and lacks no wording."""
    from web.verify import verify

    faults, told = verify(flow, check=check)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{len(faults)} faults in the menus.")
    click.echo(told)


main.add_command(campaigns.campaign)
main.add_command(documents.documents)
main.add_command(messages.messages)
main.add_command(money.money)
main.add_command(staff.staff)
main.add_command(going_live.callbacks)
main.add_command(going_live.smoke)


def _local_settings() -> LocalSettings:
    try:
        return LocalSettings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def _seeded(settings: Settings, *, demo: bool) -> "Seeded":
    from core.clock import utc_now
    from web.seeding import seed_database

    return seed_database(settings, demo=demo, now=utc_now())


if __name__ == "__main__":
    main()
