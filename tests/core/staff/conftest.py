"""Accounts without pages, in a transaction that is undone."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from core.catalogue.snapshot import Catalogue
from core.db import Session
from core.people.tables import Event
from core.staff.roles import AT_A_CENTRE, OF_AN_AGENCY, Role
from core.staff.secrets import Secrets
from core.staff.tables import Staff
from tests.support import NOW, SECRET_KEY, Database

Hire = Callable[..., Staff]
Told = Callable[[], list[tuple[str, dict[str, Any]]]]


@pytest.fixture
def db(town: Database, _town_engine: sa.Engine) -> Iterator[Session]:
    with orm.Session(_town_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def secrets() -> Secrets:
    return Secrets(SECRET_KEY)


@pytest.fixture
def hire(db: Session, catalogue: Catalogue) -> Hire:
    """`hire(Role.MANAGER, "MSA")`: an account with this role, there; a clerk is of the agency that makes IDs."""
    count = itertools.count(1)

    def hired(role: Role, site: str = "GPO") -> Staff:
        nth = next(count)
        staff = Staff(
            username=f"{role}{nth}",
            name=f"Amina {nth}",
            role=role.value,
            site_id=catalogue.sites[site].id if role in AT_A_CENTRE else None,
            agency_id=catalogue.services["IDR"].agency_id if role in OF_AN_AGENCY else None,
            password="not a hash: nobody signs in with it",
            fs_uniquifier=f"session {nth}",
            created_at=NOW,
        )
        db.add(staff)
        db.flush()
        db.refresh(staff)
        return staff

    return hired


@pytest.fixture
def told(db: Session) -> Told:
    """What the record says of accounts: the names of events, and their details."""

    def read() -> list[tuple[str, dict[str, Any]]]:
        found = db.scalars(sa.select(Event).where(Event.name.like("staff.%")).order_by(Event.id))
        return [(event.name, event.details) for event in found]

    return read
