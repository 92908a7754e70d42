"""The register of people: phones and identities go in sealed, and are found again by their keyed hash."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import InstrumentedAttribute

from core.db import Session
from core.people.identities import Identity
from core.people.sealing import Sealer, Unsealable
from core.people.tables import Person


class Register:
    """Finds and adds people. It alone holds the keys to phones, identity numbers and proofs."""

    def __init__(self, secret_key: str) -> None:
        self._phones = Sealer(secret_key, "phone")
        self._identities = Sealer(secret_key, "identity")
        self._proofs = Sealer(secret_key, "proof")

    def contact(self, db: Session, phone: str, *, now: datetime) -> Person:
        """The row of a phone (E.164), added at its first call. Two first calls at once get the same row."""
        return self.find_contact(db, phone) or self._add(
            db,
            Person.phone_index,
            phone_index=self.phone_index(phone),
            phone_sealed=self._phones.seal(phone.encode()),
            created_at=now,
        )

    def find_contact(self, db: Session, phone: str) -> Person | None:
        """The row of a phone (E.164), if it has ever called."""
        return db.scalar(_BY_PHONE, {"index": self.phone_index(phone)})

    def phone_of(self, person: Person) -> str:
        """The contact's number in E.164.

        Raises:
            Unsealable: sealed with another key, or not a contact.
        """
        return self.open_phone(person.phone_sealed)

    def open_phone(self, sealed: bytes | None) -> str:
        """The number in E.164 that a contact's row holds sealed.

        Raises:
            Unsealable: sealed with another key, or not a contact's.
        """
        if sealed is None:
            raise Unsealable("this person has no phone")
        return self._phones.open(sealed).decode()

    def phone_index(self, phone: str) -> bytes:
        """16 bytes that stand for a phone (E.164) wherever the number itself must not be."""
        return self._phones.index(phone)

    def identity(self, db: Session, kind: str, number: str, *, now: datetime) -> Person:
        """The person with this identity, added when first named. Kind and number as `parse_identity` returns them."""
        index = self._identities.index(f"{kind}:{number}")
        return db.scalar(sa.select(Person).where(Person.identity_index == index)) or self._add(
            db,
            Person.identity_index,
            identity_index=index,
            identity_sealed=self._identities.seal(f"{kind}:{number}".encode()),
            created_at=now,
        )

    def contacts(self, db: Session, phones: Collection[str], *, now: datetime) -> dict[str, int]:
        """The ids of many phones (E.164), added where they are new: a statement or three, however many."""
        known = self.known_contacts(db, phones)
        new = {self.phone_index(p): self._phones.seal(p.encode()) for p in phones if p not in known}
        if new:
            _add_all(db, Person.phone_index, Person.phone_sealed, new, now=now)
            known = self.known_contacts(db, phones)
        return known

    def known_contacts(self, db: Session, phones: Collection[str]) -> dict[str, int]:
        """The ids of those of these phones (E.164) that have one."""
        indexes = {self.phone_index(phone): phone for phone in phones}
        return {indexes[index]: person_id for index, person_id in _ids(db, Person.phone_index, indexes).items()}

    def identities(self, db: Session, identities: Collection[Identity], *, now: datetime) -> dict[Identity, int]:
        """The ids of many people by identity, added where they are new."""
        indexes = {self._identities.index(f"{i.kind}:{i.number}"): i for i in identities}
        ids = _ids(db, Person.identity_index, indexes)
        new = {
            index: self._identities.seal(f"{identity.kind}:{identity.number}".encode())
            for index, identity in indexes.items()
            if index not in ids
        }
        if new:
            _add_all(db, Person.identity_index, Person.identity_sealed, new, now=now)
            ids = _ids(db, Person.identity_index, indexes)
        return {indexes[index]: person_id for index, person_id in ids.items()}

    def last_digits(self, identity_sealed: bytes, count: int = 3) -> str:
        """The last characters of a sealed identity's number: enough to know somebody by, who says the rest.

        Raises:
            Unsealable: sealed with another key.
        """
        return self._identities.open(identity_sealed).decode()[-count:]

    def find_identities(self, db: Session, identities: Collection[Identity]) -> list[int]:
        """The ids of those of these people that are known: for a number of which nobody said the kind."""
        indexes = [self._identities.index(f"{i.kind}:{i.number}") for i in identities]
        return sorted(_ids(db, Person.identity_index, indexes).values())

    def proof_index(self, tracking_number: str, proof: str) -> bytes:
        """16 bytes that show that somebody knows the proof of a document, and do not show the proof."""
        return self._proofs.index(f"{tracking_number}:{proof}")

    def collection_code(self, document_id: int, arrival: int) -> str:
        """Four digits that the owner of a document says when collecting it: others at each arrival, stored nowhere."""
        return f"{int.from_bytes(self._proofs.index(f'collect:{document_id}:{arrival}')[:8]) % 10_000:04}"

    def phone_code(self, contact_id: int, nth: int) -> str:
        """Six digits by SMS that prove that a phone is in hand: others each time, stored nowhere."""
        return f"{int.from_bytes(self._proofs.index(f'phone:{contact_id}:{nth}')[:8]) % 1_000_000:06}"

    def lookup_index(self, tracking_number: str) -> bytes:
        """16 bytes by which look-ups of a number are counted, whether or not it exists."""
        return self._proofs.index(tracking_number)

    def _add(self, db: Session, key: InstrumentedAttribute[bytes | None], **values: Any) -> Person:
        db.execute(insert(Person).values(**values).on_conflict_do_nothing())
        return db.scalars(sa.select(Person).where(key == values[key.key])).one()


def _ids(db: Session, key: InstrumentedAttribute[bytes | None], indexes: Collection[bytes]) -> dict[bytes, int]:
    if not indexes:
        return {}
    wanted = sa.any_(sa.cast(list(indexes), ARRAY(sa.LargeBinary)))
    return {
        index: person_id for index, person_id in db.execute(sa.select(key, Person.id).where(key == wanted)) if index
    }


def _add_all(
    db: Session,
    key: InstrumentedAttribute[bytes | None],
    value: InstrumentedAttribute[bytes | None],
    sealed: Mapping[bytes, bytes],
    *,
    now: datetime,
) -> None:
    """Add people, in the order of their indexes: two who add the same ones do not wait for each other in a circle."""
    indexes = sorted(sealed)
    rows = sa.select(
        sa.func.unnest(sa.cast(indexes, ARRAY(sa.LargeBinary))),
        sa.func.unnest(sa.cast([sealed[index] for index in indexes], ARRAY(sa.LargeBinary))),
        sa.literal(now),
    )
    db.execute(insert(Person).from_select([key, value, Person.created_at], rows).on_conflict_do_nothing())


_BY_PHONE = sa.select(Person).where(Person.phone_index == sa.bindparam("index"))
"""Put together once: every call asks it."""


def set_language(db: Session, contact: Person, language: str) -> None:
    """Remember the language last chosen by a phone."""
    if contact.language != language:
        contact.language = language
        db.flush()
