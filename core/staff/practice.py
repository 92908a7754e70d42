"""Accounts to practise with: one a role, at one centre and one agency. Only for an installation of made-up people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.catalogue.tables import Agency, Site
from core.db import Session
from core.people.audit import Actor
from core.staff.colleagues import ANYBODY, Asked, Newcomer, add, find
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, SAID, Role
from core.staff.secrets import Secrets
from core.visits.practice import CODE

AGENCY = "NRB"


@dataclass(frozen=True, slots=True)
class PracticeAccount:
    role: Role
    username: str
    password: str
    """As it was made; whoever practises may have changed it."""

    def __str__(self) -> str:
        return f"{SAID[self.role]:<22} {self.username:<14} {self.password}"


def make_practice_accounts(db: Session, secrets: Secrets, *, now: datetime) -> list[PracticeAccount]:
    """One a role, named after it. Run again it makes none, and returns the same ones."""
    return list(_make(db, secrets, now))


def _make(db: Session, secrets: Secrets, now: datetime) -> Iterator[PracticeAccount]:
    site_id = db.scalars(sa.select(Site.id).where(Site.code == CODE)).one()
    agency_id = db.scalars(sa.select(Agency.id).where(Agency.code == AGENCY)).one()
    for role in Role:
        new = Newcomer(
            role.value,
            f"Practice {SAID[role].lower()}",
            role,
            site_id if role in AT_A_CENTRE else None,
            agency_id if role in OF_AN_AGENCY else None,
        )
        asked = Asked(ANYBODY, Actor("terminal", who="zamu run"), f"practice:{role}", now)
        if find(db, new.username) is None:
            add(db, new, secrets=secrets, asked=asked, must_change=False)
        yield PracticeAccount(role, new.username, secrets.temporary_password(new.username, asked.request_key))
