"""Where calls stand while Valkey is away: in PostgreSQL, sealed, a row a hop."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.db import Session
from core.idempotency import Request, forget_requests
from core.people.sealing import Sealer
from tests.support import NOW
from ussd import standby
from ussd.dialogue import Dialogue
from ussd.hop import Hop

ID = "23456789"
SEALER = Sealer("a secret key of the tests, long enough", "ussd")


def a_hop(*answers: str, session: str = "s", phone: str = "+254711000001") -> Hop:
    return Hop("africastalking", session, phone, "63902", "*191*9#", answers)


def keep(db: Session, hop: Hop, reply: str = "CON screen") -> Dialogue:
    dialogue = Dialogue(language="sw", answers=hop.answers, reply=reply)
    return standby.keep(db, SEALER, hop, dialogue, NOW)


def test_the_furthest_a_call_has_come_is_found(db: Session) -> None:
    for length in range(4):
        keep(db, a_hop(*["1"] * length), reply=f"CON {length}")
    for answers, reply in ((["1"] * 3, "CON 3"), (["1"] * 4, "CON 3"), (["1", "1"], "CON 2"), (["1", "2"], "CON 1")):
        found = standby.find(db, SEALER, a_hop(*answers))
        assert found is not None
        assert found.reply == reply
        assert found.language == "sw"


def test_nothing_is_found_of_another_session_or_another_phone(db: Session) -> None:
    keep(db, a_hop("1"))
    assert standby.find(db, SEALER, a_hop("1", session="another")) is None
    assert standby.find(db, SEALER, a_hop("1", phone="+254711000002")) is None


def test_an_answer_of_many_stars_is_one_hop(db: Session) -> None:
    keep(db, a_hop("1"))
    assert standby.find(db, SEALER, a_hop("1", *[""] * 90)) is not None


def test_a_second_copy_of_a_hop_gets_what_the_first_one_kept(db: Session) -> None:
    keep(db, a_hop("1"), reply="CON first")
    assert keep(db, a_hop("1"), reply="CON second").reply == "CON first"


def test_what_is_kept_is_sealed_and_its_key_tells_nothing(db: Session) -> None:
    keep(db, a_hop("1", ID), reply=f"CON {ID}")
    (row,) = db.scalars(sa.select(Request))
    for secret in (ID, "711000001"):
        assert secret not in row.key
        assert secret not in str(row.outcome)


@pytest.mark.parametrize("outcome", [{}, {"sealed": "bm90aGluZw=="}, {"sealed": "é"}, {"other": 1}])
def test_what_cannot_be_opened_is_as_good_as_nothing(db: Session, outcome: dict[str, object]) -> None:
    keep(db, a_hop("1"))
    db.execute(sa.update(Request).values(outcome=outcome))
    assert standby.find(db, SEALER, a_hop("1")) is None


def test_it_is_forgotten_soon(db: Session) -> None:
    """A call is over in minutes; what it said need not be kept for as long as what it did."""
    keep(db, a_hop("1"))
    assert forget_requests(db, now=NOW + timedelta(hours=2), limit=10) == 1
    assert standby.find(db, SEALER, a_hop("1")) is None
