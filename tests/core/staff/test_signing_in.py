"""What signing in rests on: tries that lock, codes that are good once, and sessions that end."""

from datetime import timedelta

import pytest

from core.people.audit import Actor
from core.staff import attempts, signing_in
from core.staff.attempts import LOCKED, MOST
from core.staff.roles import Role
from core.staff.signing_in import LONGEST
from tests.support import NOW

OFFICER = Actor("desk", who="amina")


@pytest.fixture
def officer(hire):
    return hire(Role.COUNTER)


@pytest.fixture
def fails(db, officer):
    """So many wrong tries at a moment; how many of them were looked at."""

    def fail(times: int, at=NOW) -> int:
        looked_at = 0
        for _nth in range(times):
            if counted := attempts.begin(db, officer.id, now=at):
                looked_at += 1
                attempts.was_wrong(db, counted, actor=OFFICER, now=at)
        return looked_at

    return fail


def test_the_fifth_wrong_try_locks_for_a_quarter_of_an_hour_and_is_recorded_once(db, officer, fails, told) -> None:
    assert fails(MOST + 3) == MOST
    db.refresh(officer)
    assert officer.locked_until == NOW + LOCKED
    assert told() == [("staff.locked", {})]
    assert fails(1, NOW + LOCKED - timedelta(seconds=1)) == 0
    assert fails(1, NOW + LOCKED) == 1
    db.refresh(officer)
    assert (officer.failures, officer.locked_until) == (1, None), "after a lock one has all tries again"


def test_right_tries_are_taken_back_and_only_a_whole_sign_in_forgets_the_wrong_ones(db, officer, fails) -> None:
    fails(MOST - 1)
    for _nth in range(3):
        attempts.was_right(db, attempts.begin(db, officer.id, now=NOW))
    db.refresh(officer)
    assert (officer.failures, officer.locked_until) == (MOST - 1, None)
    signing_in.signed_in(db, officer.id, actor=OFFICER, now=NOW)
    assert fails(MOST - 1) == MOST - 1
    db.refresh(officer)
    assert officer.locked_until is None


def test_a_right_try_lifts_no_lock_that_another_one_has_set(db, officer, fails, told) -> None:
    fails(MOST - 2)
    right, wrong = (attempts.begin(db, officer.id, now=NOW) for _nth in range(2))
    attempts.was_wrong(db, wrong, actor=OFFICER, now=NOW)
    attempts.was_right(db, right)
    db.refresh(officer)
    assert officer.locked_until == NOW + LOCKED
    assert told() == [("staff.locked", {})]
    assert attempts.begin(db, officer.id, now=NOW) is None


def test_a_printed_code_is_good_once_however_it_is_typed_and_only_for_its_owner(db, officer, hire, secrets) -> None:
    codes = secrets.codes(officer.id, "a request")
    signing_in.keep_codes(db, officer.id, codes, secrets=secrets)
    uses = [
        signing_in.use_printed_code(db, who, code, secrets=secrets)
        for who, code in (
            (hire(Role.COUNTER).id, codes[0]),
            (officer.id, codes[0].upper().replace("-", " ")),
            (officer.id, codes[0]),
            (officer.id, "aaaa-bbbb-cccc"),
            (officer.id, codes[1]),
        )
    ]
    assert uses == [False, True, False, False, True]
    db.refresh(officer)
    assert len(officer.mf_recovery_codes) == 8
    signing_in.keep_codes(db, officer.id, secrets.codes(officer.id, "new ones"), secrets=secrets)
    assert not signing_in.use_printed_code(db, officer.id, codes[2], secrets=secrets)


def test_a_code_of_an_app_is_not_good_again_nor_is_an_older_one(db, officer) -> None:
    steps = (100, 100, 99, 101)
    assert [step for step in steps if signing_in.use_time_code(db, officer.id, step)] == [100, 101]


def test_a_session_is_ended_once_alone_and_remembered_as_long_as_it_could_last(db, officer, told) -> None:
    began = int(NOW.timestamp())
    for _twice in range(2):
        signing_in.signed_out(db, officer.id, began, actor=OFFICER, now=NOW)
    db.refresh(officer)
    assert officer.ended_sessions == [began]
    assert told() == [("staff.signed_out", {})]
    later = NOW + LONGEST
    signing_in.end_session(db, officer.id, began + 60, now=later)
    db.refresh(officer)
    assert officer.ended_sessions == [began, began + 60]
    signing_in.end_session(db, officer.id, began + 120, now=later + timedelta(minutes=1))
    db.refresh(officer)
    assert officer.ended_sessions == [began + 60, began + 120]


def test_a_language_is_recorded_where_it_is_another_one(db, officer, told) -> None:
    for language in ("sw", "sw", "en"):
        signing_in.choose_language(db, officer.id, language, actor=OFFICER, now=NOW)
    assert [details for _name, details in told()] == [{"language": "sw"}, {"language": "en"}]
