"""Who is told by a campaign, and who is left out and why: one statement, for the preview and for the writing alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.campaigns.criteria import Criteria, matching
from core.clock import at_local, local_date
from core.db import Session
from core.messaging.tables import Message, Status
from core.people.tables import Person
from core.tracking.tables import Document, Notice
from core.wording import DEFAULT


class LeftOut(StrEnum):
    """Why somebody is not told. A phone that blocks our SMS is not left out: it may have stopped doing so."""

    NO_PHONE = "no_phone"
    """None is known, or it is no number."""
    TOLD_ALREADY = "told_already"
    """Of this arrival of the document."""
    OPTED_OUT = "opted_out"
    LIMIT_REACHED = "limit_reached"
    """The phone has as many messages today as a person may get."""


@dataclass(frozen=True, slots=True)
class Group:
    """So many of the chosen who are told the same, or are left out for the same reason."""

    left_out: LeftOut | None
    service_id: int
    site_id: int
    language: str
    count: int


NEVER_LEFT = (Status.EXPIRED, Status.WITHHELD)
"""A notice whose message came to this has told nobody."""


_SHARES = 4
"""Statements that the shelf is counted in, by person: 260,000 documents take each a quarter of a second."""


def groups(db: Session, criteria: Criteria, *, sms_a_day: int, now: datetime) -> list[Group]:
    """All documents chosen, counted. The same group may come several times."""
    counted: list[Any] = []
    for share in range(_SHARES):
        mine = sa.func.coalesce(Document.contact_id, 0) % _SHARES == share
        chosen = judged([*matching(criteria, now), mine], sms_a_day=sms_a_day, now=now).subquery()
        kinds = (chosen.c.left_out, chosen.c.service_id, chosen.c.site_id, chosen.c.language)
        counted += db.execute(sa.select(*kinds, sa.func.count()).group_by(*kinds)).all()
    return [
        Group(LeftOut(left_out) if left_out else None, service_id, site_id, language, count)
        for left_out, service_id, site_id, language, count in counted
    ]


def span(db: Session, criteria: Criteria, now: datetime) -> tuple[int, int]:
    """The first and the last id of the documents chosen; (0, 0) if there are none."""
    first, last = db.execute(
        sa.select(sa.func.min(Document.id), sa.func.max(Document.id)).where(*matching(criteria, now))
    ).one()
    return first or 0, last or 0


def judged(where: Iterable[sa.ColumnElement[bool]], *, sms_a_day: int, now: datetime) -> sa.Select[Any]:
    """SELECT id, service_id, site_id, language and left_out (NULL for who is told) of the documents that fit.

    A person's documents are counted in the order of their ids: those beyond
    the limit a day are left out, wherever the documents are cut into batches.
    """
    barred = sa.case(
        (sa.or_(Document.contact_id.is_(None), Document.contact_problem.is_not(None)), LeftOut.NO_PHONE.value),
        (Message.status.not_in(NEVER_LEFT), LeftOut.TOLD_ALREADY.value),
        (Person.opted_out_at.is_not(None), LeftOut.OPTED_OUT.value),
    )
    chosen = (
        sa.select(
            Document.id,
            Document.contact_id,
            Document.service_id,
            Document.site_id,
            sa.func.coalesce(Person.language, DEFAULT).label("language"),
            barred.label("barred"),
        )
        .join_from(Document, Person, Person.id == Document.contact_id, isouter=True)
        .outerjoin(Notice, sa.and_(Notice.document_id == Document.id, Notice.arrival == Document.arrivals))
        .outerjoin(Message, Message.id == Notice.message_id)
        .where(*where)
        .subquery()
    )
    nth = sa.func.row_number().over(partition_by=[chosen.c.contact_id, chosen.c.barred], order_by=chosen.c.id)
    ranked = sa.select(chosen, nth.label("nth")).subquery()
    enough = ranked.c.nth + _today(ranked.c.contact_id, now) > sms_a_day
    return sa.select(
        ranked.c.id,
        ranked.c.service_id,
        ranked.c.site_id,
        ranked.c.language,
        sa.case((ranked.c.barred.is_not(None), ranked.c.barred), (enough, LeftOut.LIMIT_REACHED.value)).label(
            "left_out"
        ),
    )


def _today(person_id: sa.ColumnElement[int | None], now: datetime) -> sa.ColumnElement[int]:
    """Messages that a person has been handed today, or that wait to be."""
    day = at_local(local_date(now), time())
    theirs = sa.and_(Message.person_id == person_id, Message.status.not_in(NEVER_LEFT))
    handed = sa.select(sa.func.count()).where(theirs, Message.claimed_at >= day)
    # Not "status is pending": while the statistics know of no pending ones, all of them would be read for each person.
    tomorrow = day + timedelta(days=1)
    waiting = sa.select(sa.func.count()).where(theirs, Message.claimed_at.is_(None), Message.not_before < tomorrow)
    return handed.scalar_subquery() + waiting.scalar_subquery()
