from datetime import datetime
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa

from core.db import Session, transactions
from core.people.register import Register, set_language
from core.people.sealing import Unsealable
from core.people.tables import Person

PHONE = "+254711000001"


@pytest.fixture
def register() -> Register:
    return Register("a secret key")


def test_a_phone_gets_one_row_and_its_number_is_sealed(db: Session, register: Register, now: datetime) -> None:
    assert register.find_contact(db, PHONE) is None
    contact = register.contact(db, PHONE, now=now)
    assert register.contact(db, PHONE, now=now).id == contact.id
    found = register.find_contact(db, PHONE)
    assert found is not None
    assert found.id == contact.id
    assert register.phone_of(contact) == PHONE
    assert contact.phone_sealed is not None
    assert PHONE.encode() not in contact.phone_sealed
    assert contact.phone_index == register.phone_index(PHONE)


def test_first_calls_of_one_phone_at_once_get_the_same_row(
    engine: sa.Engine, register: Register, now: datetime
) -> None:
    together, ids = Barrier(8), []

    def call() -> None:
        with transactions(engine)() as db:
            register.find_contact(db, PHONE)
            together.wait(20)
            ids.append(register.contact(db, PHONE, now=now).id)

    threads = [Thread(target=call, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(ids) == 8
    assert len(set(ids)) == 1


def test_the_same_digits_as_an_id_and_as_a_passport_are_two_people(
    db: Session, register: Register, now: datetime
) -> None:
    by_id = register.identity(db, "national_id", "12345678", now=now)
    assert register.identity(db, "national_id", "12345678", now=now).id == by_id.id
    assert register.identity(db, "passport", "12345678", now=now).id != by_id.id
    assert by_id.phone_index is None


def test_somebody_known_by_an_identity_has_no_phone(db: Session, register: Register, now: datetime) -> None:
    with pytest.raises(Unsealable):
        register.phone_of(register.identity(db, "national_id", "12345678", now=now))


def test_another_key_finds_and_opens_nothing(db: Session, register: Register, now: datetime) -> None:
    contact = register.contact(db, PHONE, now=now)
    other = Register("another secret key")
    assert other.find_contact(db, PHONE) is None
    with pytest.raises(Unsealable):
        other.phone_of(contact)


def test_the_language_is_remembered(db: Session, register: Register, now: datetime) -> None:
    contact = register.contact(db, PHONE, now=now)
    set_language(db, contact, "sw")
    assert db.scalar(sa.select(Person.language).where(Person.id == contact.id)) == "sw"


def test_one_purpose_does_not_index_like_another(register: Register) -> None:
    assert register.phone_index("48217092") != register.lookup_index("48217092")
    assert register.proof_index("48217092", "678") != register.proof_index("48217092", "679")
