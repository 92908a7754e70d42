"""`zamu staff`: the first administrator's account, and help where nobody can sign in any more."""

import secrets as randomness

import click
import sqlalchemy as sa

from core.catalogue.tables import Agency, Site
from core.clock import local
from core.db import Session
from core.people.audit import Actor
from core.staff import colleagues as accounts
from core.staff.colleagues import ANYBODY, Asked, Newcomer, Particulars
from core.staff.errors import NotTheirs, UsernameTaken
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from web.commands.opening import given_settings, now, opened, table

BY = click.option("--by", default="terminal", show_default=True, help="Who does this; kept in the record.")
PLACES = "Give --site with the roles counter and manager, --agency with clerk, and neither with others."


@click.group()
def staff() -> None:
    """Accounts of staff. Once there is an administrator, they are looked after at /desk/staff."""


@staff.command("add")
@click.argument("username")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--site", help="Code of the centre, of a counter officer or a centre manager.")
@click.option("--agency", help="Code of the agency, of an agency clerk.")
@click.option("--language", type=click.Choice(["en", "sw"]), default="en", show_default=True)
@BY
def add(username: str, name: str, role: str, site: str | None, agency: str | None, language: str, by: str) -> None:
    """Make an account, and print its temporary password, once.

    USERNAME is what they type to sign in, such as a staff number; NAME is how colleagues know them.
    """
    settings = given_settings()
    keys, username = Secrets(settings.secret_key), username.strip().lower()
    if not accounts.USERNAME.fullmatch(username):
        raise click.ClickException("A staff number has 3 to 32 letters and digits, and no spaces.")
    if (Role(role) in AT_A_CENTRE) != bool(site) or (Role(role) in OF_AN_AGENCY) != bool(agency):
        raise click.UsageError(PLACES)
    asked = _asked(by)
    with opened(settings) as transaction, transaction() as db:
        where = (_id(db, Site, site, "--site"), _id(db, Agency, agency, "--agency"))
        try:
            accounts.add(db, Newcomer(username, name, Role(role), *where, language), secrets=keys, asked=asked)
        except (UsernameTaken, NotTheirs) as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{username} can sign in at /desk with this temporary password, shown only now:")
    click.echo(keys.temporary_password(username, asked.request_key))


@staff.command("change")
@click.argument("username")
@click.option("--name", help="How colleagues know them.")
@click.option("--role", type=click.Choice([role.value for role in Role]))
@click.option("--site", help="Code of the centre, of a counter officer or a centre manager.")
@click.option("--agency", help="Code of the agency, of an agency clerk.")
@click.option("--language", type=click.Choice(["en", "sw"]))
@BY
def change(username: str, by: str, **given: str | None) -> None:
    """Change what is given and leave the rest. Another role, centre or agency signs them out everywhere.

    With a role, or a place, give both: the centre or agency of before is forgotten.
    """
    with opened(given_settings()) as transaction, transaction() as db:
        one = _found(db, username)
        moved = given["role"] or given["site"] or given["agency"]
        to = Particulars(
            given["name"] or one.name,
            Role(given["role"] or one.role),
            _id(db, Site, given["site"], "--site") if moved else one.site_id,
            _id(db, Agency, given["agency"], "--agency") if moved else one.agency_id,
            given["language"] or one.language,
        )
        if (to.role in AT_A_CENTRE) != bool(to.site_id) or (to.role in OF_AN_AGENCY) != bool(to.agency_id):
            raise click.UsageError(PLACES)
        accounts.change(db, one.id, to, asked=_asked(by))
    click.echo(f"{one.username} is changed.")


@staff.command("list")
def list_staff() -> None:
    """All accounts."""
    rows: list[tuple[object, ...]] = []
    with opened(given_settings()) as transaction, transaction() as db:
        codes = {site.id: site.code for site in db.scalars(sa.select(Site))}
        agencies = {agency.id: agency.code for agency in db.scalars(sa.select(Agency))}
        for one in db.scalars(sa.select(Staff).order_by(Staff.username)):
            where = codes.get(one.site_id or 0, "") or agencies.get(one.agency_id or 0, "")
            last = f"{local(one.signed_in_at):%d %b %Y %H:%M}" if one.signed_in_at else "never"
            rows.append((one.username, one.name, one.role, where, "on" if one.active else "off", last))
    if not rows:
        click.echo("There is no account yet: zamu staff add USERNAME NAME --role administrator")
        return
    for line in table(("staff number", "name", "role", "where", "account", "last sign-in"), rows):
        click.echo(line)


@staff.command()
@click.argument("username")
@click.option("--phone", is_flag=True, help="Forget the phone that shows their codes, too.")
@BY
def reset(username: str, phone: bool, by: str) -> None:
    """Give a new temporary password, and print it, once. It ends a lock, and all sessions."""
    settings = given_settings()
    with opened(settings) as transaction, transaction() as db:
        one = _found(db, username)
        password = accounts.give_password(db, one.id, secrets=Secrets(settings.secret_key), asked=_asked(by))
        if phone:
            accounts.forget_second_factor(db, one.id, asked=_asked(by))
    click.echo(f"The temporary password of {one.username}, shown only now:")
    click.echo(password)
    if phone:
        click.echo("At the next sign-in they set up a phone for codes.")


@staff.command()
@click.argument("username")
@BY
def off(username: str, by: str) -> None:
    """Switch an account off at once, with all of its sessions."""
    _switch(username, by, on=False)
    click.echo(f"{username} is switched off.")


@staff.command()
@click.argument("username")
@BY
def on(username: str, by: str) -> None:
    """Switch an account on again."""
    _switch(username, by, on=True)
    click.echo(f"{username} is switched on.")


def _switch(username: str, by: str, *, on: bool) -> None:
    with opened(given_settings()) as transaction, transaction() as db:
        accounts.switch(db, _found(db, username).id, on=on, asked=_asked(by))


def _found(db: Session, username: str) -> Staff:
    one = accounts.find(db, username)
    if one is None:
        raise click.ClickException(f"There is no account {username!r}.")
    return one


def _id(db: Session, table: type[Site] | type[Agency], code: str | None, option: str) -> int | None:
    if code is None:
        return None
    found = db.scalar(sa.select(table.id).where(table.code == code.upper()))
    if found is None:
        raise click.ClickException(f"{option}: the catalogue has no {code!r}.")
    return found


def _asked(by: str) -> Asked:
    """Each run of a command is a request of its own."""
    return Asked(ANYBODY, Actor("terminal", who=by), f"terminal:{randomness.token_urlsafe(16)}", now())
