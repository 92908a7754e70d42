"""`zamu staff`: from no account to an administrator who signs in."""

import contextlib

import pytest
import sqlalchemy as sa

from core.db import Transaction
from core.people.tables import Event
from core.settings import DEMO_KEY
from core.staff.practice import make_practice_accounts
from core.staff.roles import Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from core.visits.practice import make_practice_centre


def test_the_first_administrator_is_made_at_the_terminal_and_the_password_is_shown_once(zamu, transaction) -> None:
    assert "There is no account yet" in zamu("staff", "list").output
    made = zamu("staff", "add", "PF-1", "Wambui Njeri", "--role", "administrator", "--by", "Otieno")
    assert made.exit_code == 0, made.output
    password = made.output.splitlines()[-1]
    with transaction() as db:
        staff = db.scalars(sa.select(Staff)).one()
        added = db.scalars(sa.select(Event).where(Event.name == "staff.added")).one()
    assert (staff.username, staff.role, staff.must_change_password) == ("pf-1", "administrator", True)
    assert (added.channel, added.who) == ("terminal", "Otieno")
    assert password not in zamu("staff", "list").output
    assert "pf-1          Wambui Njeri  administrator         on       never" in zamu("staff", "list").output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ab", "A", "--role", "auditor"), "3 to 32 letters"),
        (("amina", "A", "--role", "counter"), "Give --site"),
        (("amina", "A", "--role", "auditor", "--site", "GPO"), "neither with others"),
        (("amina", "A", "--role", "manager", "--site", "NOWHERE"), "the catalogue has no 'NOWHERE'"),
        (("taken", "A", "--role", "auditor"), "has an account already"),
    ],
)
def test_what_cannot_be_added_is_told(zamu, transaction, arguments, sentence) -> None:
    zamu("staff", "add", "taken", "Somebody", "--role", "auditor")
    refused = zamu("staff", "add", *arguments)
    assert refused.exit_code != 0
    assert sentence in refused.output
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Staff)) == 1


def test_an_account_is_reset_and_switched_off_and_on(zamu, transaction) -> None:
    first = zamu("staff", "add", "amina", "Amina", "--role", "counter", "--site", "gpo").output.splitlines()[-1]
    with transaction() as db:
        db.execute(sa.update(Staff).values(tf_totp_secret="x", failures=5))
    reset = zamu("staff", "reset", "amina", "--phone")
    assert first not in reset.output
    assert "set up a phone" in reset.output
    zamu("staff", "off", "amina")
    with transaction() as db:
        staff = db.scalars(sa.select(Staff)).one()
        assert (staff.active, staff.tf_totp_secret, staff.failures) == (False, None, 0)
    zamu("staff", "on", "amina")
    with transaction() as db:
        assert db.scalars(sa.select(Staff)).one().active
    assert "There is no account 'nobody'" in zamu("staff", "off", "nobody").output


def test_an_officer_is_moved_at_the_terminal(zamu, transaction) -> None:
    zamu("staff", "add", "amina", "Amina", "--role", "counter", "--site", "gpo")
    assert "Give --site" in zamu("staff", "change", "amina", "--role", "clerk").output
    assert zamu("staff", "change", "amina", "--role", "clerk", "--agency", "nrb").output == "amina is changed.\n"
    assert zamu("staff", "change", "amina", "--name", "Amina Njeri").exit_code == 0
    with transaction() as db:
        staff = db.scalars(sa.select(Staff)).one()
    assert (staff.name, staff.role, staff.site_id, bool(staff.agency_id)) == ("Amina Njeri", "clerk", None, True)


def test_practice_has_an_account_a_role_and_makes_each_once(transaction: Transaction, clock) -> None:
    secrets = Secrets(f"{DEMO_KEY}{'x' * 32}")
    with contextlib.suppress(_Undo), transaction() as db:  # the town has no practice centre afterwards
        make_practice_centre(db)
        made = make_practice_accounts(db, secrets, now=clock())
        assert make_practice_accounts(db, secrets, now=clock()) == made
        staff = list(db.scalars(sa.select(Staff)))
        assert {one.role for one in staff} == {role.value for role in Role}
        assert not any(one.must_change_password for one in staff)
        assert len({account.password for account in made}) == len(Role)
        raise _Undo


class _Undo(Exception):
    pass
