"""`zamu money`: what the account has left, and what the lanes and the calls have cost."""

from decimal import Decimal

import click

from core.clock import local, local_date
from core.messaging import money as books
from core.messaging.tables import Lane
from web.commands.opening import given_settings, now, opened, table


@click.command()
def money() -> None:
    """What the gateway's account has left, what today and this month have cost, and how far the caps are used."""
    settings, moment = given_settings(), now()
    today = local_date(moment)
    with opened(settings) as transaction, transaction() as db:
        account = books.account(db, moment)
        spent = {span: books.costs(db, books.begins(span, today)) for span in ("day", "month")}
    if account is None:
        click.echo("The gateway has not told yet what the account has left; the clock asks every 15 minutes.")
    else:
        click.echo(f"{account.gateway} has KES {account.kes:.2f} left, asked {local(account.at):%d %b %H:%M}.")
        click.echo(_lasts(account))
    click.echo("")
    nothing = books.Cost()
    rows = [
        (what, *(cell for span in ("day", "month") for cell in _cells(spent[span].get(what, nothing))))
        for what in (*(lane.value for lane in Lane), books.USSD)
    ]
    heads = ("", "today", "SMS segments", "KES", "this month", "SMS segments", "KES")
    for line in table(heads, rows):
        click.echo(line)
    for cap in settings.caps:
        used = spent[cap.span].get(cap.lane, nothing).kes
        reached = " It is reached: the lane waits." if used >= cap.kes else ""
        click.echo(f"Cap of {cap.lane} a {cap.span}: KES {used:.2f} of {cap.kes} ({_share(used, cap.kes)} %).{reached}")
    if not settings.caps:
        click.echo("No lane has a cap (ZAMU_SMS_CAPS).")


def _lasts(account: books.Account) -> str:
    if account.days_left is None or account.daily_kes is None:
        return "Nothing has been spent yet, so nobody can tell how long that lasts."
    return f"At KES {account.daily_kes:.2f} a day that lasts {account.days_left:.1f} days."


def _cells(cost: books.Cost) -> tuple[int, int, str]:
    return cost.messages, cost.segments, f"{cost.kes:.2f}"


def _share(used: Decimal, most: int) -> int:
    return int(used * 100 / most) if most else 100
