"""Who is in charge of whom, what of an account may change, and what the record says of it."""

import contextlib
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from core.people.audit import Actor
from core.staff import colleagues
from core.staff.colleagues import ANYBODY, Asked, Charge, Newcomer, Particulars
from core.staff.errors import NoSuchColleague, NotTheirs, UsernameTaken
from core.staff.roles import AT_A_CENTRE, MAY, OF_AN_AGENCY, Can, Role
from core.staff.tables import Staff
from tests.support import NOW


def charge_of(staff: Staff) -> Charge:
    return Charge(staff.id, Role(staff.role), staff.site_id)


def asked(charge: Charge = ANYBODY, key: str = "a request") -> Asked:
    return Asked(charge, Actor("desk", who="boss"), key, NOW)


def as_is(staff: Staff) -> Particulars:
    return Particulars(staff.name, Role(staff.role), staff.site_id, staff.agency_id, staff.language)


# Who may what.


def test_a_citizen_is_seen_by_no_role_that_only_counts_or_hires() -> None:
    personal = {Can.SEE_DAY, Can.SERVE, Can.BOOK_FOR, Can.SEE_DOCUMENTS, Can.SEE_MESSAGES}
    assert set(MAY) == set(Role)
    for role in (Role.AUDITOR, Role.OVERSIGHT, Role.ADMINISTRATOR):
        assert not MAY[role] & personal
    assert {role for role in Role if Can.STAFF in MAY[role]} == {Role.MANAGER, Role.ADMINISTRATOR}
    assert {role for role in Role if Can.AUDIT in MAY[role]} == {Role.MANAGER, Role.AUDITOR}
    assert {role for role in Role if Can.SERVE in MAY[role]} == AT_A_CENTRE
    assert not AT_A_CENTRE & OF_AN_AGENCY


def test_each_is_in_charge_of_their_own_and_nobody_of_themselves(db, hire) -> None:
    everybody = {role: hire(role) for role in Role}
    elsewhere = hire(Role.COUNTER, "MSA")
    theirs = {
        role: {one.role for one in colleagues.colleagues(db, charge_of(staff), limit=50)}
        for role, staff in everybody.items()
    }
    assert theirs.pop(Role.MANAGER) == {Role.COUNTER}
    assert theirs.pop(Role.ADMINISTRATOR) == set(Role) - {Role.ADMINISTRATOR}
    assert set(map(len, theirs.values())) == {0}
    assert len(colleagues.colleagues(db, ANYBODY, limit=50)) == len(Role) + 1
    for boss, whom in ((Role.MANAGER, elsewhere), (Role.MANAGER, everybody[Role.MANAGER]),
                       (Role.ADMINISTRATOR, everybody[Role.ADMINISTRATOR])):  # fmt: skip
        with pytest.raises(NoSuchColleague):
            colleagues.colleague(db, whom.id, charge_of(everybody[boss]))


@pytest.mark.parametrize(
    ("role", "site", "agency", "fits"),
    [
        (Role.COUNTER, True, False, True),
        (Role.COUNTER, False, False, False),
        (Role.CLERK, False, True, True),
        (Role.CLERK, True, True, False),
        (Role.AUDITOR, True, False, False),
        (Role.AUDITOR, False, False, True),
    ],
)
def test_a_role_and_a_place_belong_together(db, hire, catalogue, secrets, role, site, agency, fits) -> None:
    place = {
        "site_id": catalogue.sites["GPO"].id if site else None,
        "agency_id": catalogue.services["IDR"].agency_id if agency else None,
    }
    staff = hire(Role.OVERSIGHT)
    for do in (
        lambda: colleagues.add(db, Newcomer("pf-1", "A", role, **place), secrets=secrets, asked=asked(key="add")),
        lambda: colleagues.change(db, staff.id, Particulars("A", role, **place), asked=asked(key="change")),
    ):
        with contextlib.nullcontext() if fits else pytest.raises(NotTheirs):
            do()


# Adding.


def test_an_account_is_made_once_with_a_password_that_must_be_changed(db, secrets, told) -> None:
    new = Newcomer("pf-1", "Juma", Role.AUDITOR)
    made = {colleagues.add(db, new, secrets=secrets, asked=asked()) for _twice in range(2)}
    [staff] = colleagues.colleagues(db, ANYBODY, limit=9)
    assert made == {staff.id}
    assert staff.must_change_password
    assert PasswordHasher().verify(staff.password, secrets.temporary_password("pf-1", "a request"))
    assert secrets.temporary_password("pf-1", "another request") != secrets.temporary_password("pf-1", "a request")
    assert told() == [("staff.added", {"role": "auditor", "site": None})]
    with pytest.raises(UsernameTaken):
        colleagues.add(db, new, secrets=secrets, asked=asked(key="another request"))
    for username in ("ab", "With-Capitals", "a b c", "x" * 33):
        with pytest.raises(NotTheirs):
            colleagues.add(db, replace(new, username=username), secrets=secrets, asked=asked(key=username))


# Changing.


def test_another_role_and_place_end_the_sessions_and_are_recorded_once(db, hire, catalogue, told) -> None:
    staff, boss = hire(Role.COUNTER), hire(Role.ADMINISTRATOR)
    session, was = staff.fs_uniquifier, staff.site_id
    to = replace(as_is(staff), role=Role.CLERK, site_id=None, agency_id=catalogue.services["IDR"].agency_id)
    for _twice in range(2):
        colleagues.change(db, staff.id, to, asked=asked(charge_of(boss)))
    colleagues.change(db, staff.id, to, asked=asked(charge_of(boss), "it is so already"))
    assert as_is(staff) == to
    assert staff.fs_uniquifier != session
    places = {"site": None, "site_was": was, "agency": to.agency_id, "agency_was": None}
    assert told() == [("staff.changed", {"role": "clerk", "role_was": "counter"} | places)]


def test_another_name_or_language_ends_nothing_and_no_name_is_in_the_record(db, hire, told) -> None:
    staff, boss = hire(Role.COUNTER), hire(Role.MANAGER)
    session = staff.fs_uniquifier
    to = replace(as_is(staff), name="Amina Njeri", language="sw")
    colleagues.change(db, staff.id, to, asked=asked(charge_of(boss)))
    assert as_is(staff) == to
    assert staff.fs_uniquifier == session
    assert told() == [("staff.changed", {"language": "sw", "language_was": "en", "renamed": True})]


def test_a_manager_gives_no_other_role_or_centre_and_nobody_changes_themselves(db, hire, catalogue, told) -> None:
    staff, manager, administrator = hire(Role.COUNTER), hire(Role.MANAGER), hire(Role.ADMINISTRATOR)
    for change in ({"role": Role.MANAGER}, {"site_id": catalogue.sites["MSA"].id}):
        with pytest.raises(NotTheirs):
            colleagues.change(db, staff.id, replace(as_is(staff), **change), asked=asked(charge_of(manager)))
    for boss in (manager, administrator):
        with pytest.raises(NoSuchColleague):
            colleagues.change(db, boss.id, replace(as_is(boss), name="Chief"), asked=asked(charge_of(boss)))
    assert told() == []


# Helping.


def test_every_help_is_recorded_once_and_all_but_codes_end_the_sessions(db, hire, secrets, told) -> None:
    staff = hire(Role.COUNTER)
    helps = {
        "staff.switched_off": lambda key: colleagues.switch(db, staff.id, on=False, asked=key),
        "staff.switched_on": lambda key: colleagues.switch(db, staff.id, on=True, asked=key),
        "staff.password_given": lambda key: colleagues.give_password(db, staff.id, secrets=secrets, asked=key),
        "staff.second_factor_forgotten": lambda key: colleagues.forget_second_factor(db, staff.id, asked=key),
        "staff.codes_printed": lambda key: colleagues.print_codes(db, staff.id, secrets=secrets, asked=key),
    }
    sessions = [staff.fs_uniquifier]
    for name, do in helps.items():
        first, again = do(asked(key=name)), do(asked(key=name))
        assert first == again, "what is shown is the same"
        sessions.append(staff.fs_uniquifier)
    assert [name for name, _details in told()] == list(helps)
    assert len(set(sessions)) == 5
    assert sessions[-1] == sessions[-2]
