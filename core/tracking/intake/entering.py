"""Entering many new documents at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.dml import ReturningInsert

from core.db import Session
from core.errors import Malformed
from core.people.register import Register
from core.references import new_reference
from core.tracking.documents import lock_all
from core.tracking.intake.rows import Wish
from core.tracking.stages import Stage
from core.tracking.tables import Document
from core.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Entry:
    """A document that is new to Zamu, with all that it needs."""

    tracking_number: str | None
    """None makes a new one."""
    service_id: int
    site_id: int
    proof: str
    wish: Wish


def entry_for(wish: Wish) -> Entry:
    """Raises:
    Malformed: something is missing that a new document needs.
    """
    if wish.service is None:
        raise Malformed(_("No document has this number. If it is new, say for which service."))
    if wish.site is None:
        raise Malformed(_("This document is new to Zamu: say at which centre it will be collected."))
    proofs = wish.proofs()
    if not proofs:
        raise Malformed(
            _("There is no ID number and no year of birth: without one of them its owner could not ask about it.")
        )
    return Entry(wish.tracking_number, wish.service.id, wish.site.id, proofs[0], wish)


def enter(
    db: Session,
    register: Register,
    entries: Collection[Entry],
    *,
    owners: Mapping[Wish, int],
    contacts: Mapping[str, int],
    now: datetime,
) -> dict[Wish, Document]:
    """Enter them as applied for, locked. One is left out if its number was given to another document meanwhile."""
    entered: dict[int, Wish] = {}
    left = list(entries)
    while left:
        # Of two that drew one number, the later draws again.
        numbered = {entry.tracking_number or new_reference(): entry for entry in left}
        for document_id, number in db.execute(_insert(register, numbered, owners, contacts, now)):
            entered[document_id] = numbered[number].wish
        done = set(entered.values())
        left = [entry for entry in left if entry.tracking_number is None and entry.wish not in done]
    return {entered[document.id]: document for document in lock_all(db, entered)}


def _insert(
    register: Register,
    numbered: Mapping[str, Entry],
    owners: Mapping[Wish, int],
    contacts: Mapping[str, int],
    now: datetime,
) -> ReturningInsert[int, str]:
    """One statement with an array a column: its text is the same for any number of rows."""
    wishes = [entry.wish for entry in numbered.values()]
    contact_ids = [contacts[wish.phone] if wish.phone else None for wish in wishes]
    columns: dict[InstrumentedAttribute[Any], Sequence[object]] = {
        Document.tracking_number: list(numbered),
        Document.service_id: [entry.service_id for entry in numbered.values()],
        Document.site_id: [entry.site_id for entry in numbered.values()],
        Document.owner_id: [owners.get(wish) for wish in wishes],
        Document.proof_index: [register.proof_index(number, entry.proof) for number, entry in numbered.items()],
        Document.contact_id: contact_ids,
        Document.contact_confirmed_at: [now if contact_id else None for contact_id in contact_ids],
        Document.contact_problem: [wish.phone_problem for wish in wishes],
        Document.promised_on: [wish.promised_on for wish in wishes],
        Document.shelf: [wish.shelf if wish.stage is Stage.RECEIVED else None for wish in wishes],
    }
    same = {Document.stage: Stage.APPLIED.value, Document.stage_since: now, Document.created_at: now}
    arrays = [sa.func.unnest(sa.cast(list(values), ARRAY(column.type))) for column, values in columns.items()]
    rows = sa.select(*arrays, *(sa.literal(value) for value in same.values()))
    return (
        insert(Document)
        .from_select([*columns, *same], rows)
        .on_conflict_do_nothing()
        .returning(Document.id, Document.tracking_number)
    )
