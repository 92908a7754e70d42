"""A service, a centre, and documents on their way."""

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.catalogue import tables as rows
from core.people.register import Register
from core.tracking.documents import NewDocument, move, register
from core.tracking.stages import Stage
from core.tracking.tables import Document
from tests.core.tracking.shelf import CLERK, Shelf

PATH = (
    Stage.SENT_TO_AGENCY,
    Stage.IN_PROCESS,
    Stage.SENT_TO_CENTRE,
    Stage.RECEIVED,
    Stage.NOTIFIED,
    Stage.REMINDED,
    Stage.COLLECTED,
)


@pytest.fixture
def people() -> Register:
    return Register("a secret key")


@pytest.fixture
def catalogue(db: Session) -> dict[str, int]:
    """Ids of the service IDR and the site GPO."""
    agency, category = rows.Agency(code="NRB"), rows.Category(code="identity", position=1)
    area = rows.Area(code="nairobi", kind="county", source="test")
    db.add_all([agency, category, area])
    db.flush()
    service = rows.Service(
        code="IDR",
        agency_id=agency.id,
        category_id=category.id,
        appointment="needed",
        identity="national_id",
        minutes=15,
        source="test",
    )
    site = _site("GPO", area.id)
    db.add_all([service, site])
    db.flush()
    return {"service_id": service.id, "site_id": site.id}


@pytest.fixture
def other_site(db: Session, catalogue: dict[str, int]) -> int:
    """The id of the site MAK."""
    site = _site("MAK", db.get_one(rows.Site, catalogue["site_id"]).area_id)
    db.add(site)
    db.flush()
    return site.id


def _site(code: str, area_id: int) -> rows.Site:
    return rows.Site(
        code=code,
        area_id=area_id,
        town="Nairobi",
        town_trust="estimate",
        address="",
        address_trust="estimate",
        source="test",
    )


@pytest.fixture
def make(db: Session, people: Register, catalogue: dict[str, int], now: datetime) -> Callable[..., Document]:
    """Makes a document of a phone, as far along its way as asked."""
    numbers = itertools.count()

    def made(phone: str | None = None, stage: Stage = Stage.APPLIED, **details: Any) -> Document:
        contact_id = people.contact(db, phone, now=now).id if phone else None
        at = details.pop("at", now)
        new = NewDocument(**catalogue, proof="678", contact_id=contact_id, **details)
        document = register(db, people, new, actor=CLERK, origin=f"test {next(numbers)}", now=at)
        if stage is not Stage.APPLIED:
            for step in PATH[: PATH.index(stage) + 1]:
                move(db, document, step, actor=CLERK, origin="test", now=at)
        return document

    return made


@pytest.fixture
def shelf(engine: sa.Engine, db: Session, people: Register, catalogue: dict[str, int], now: datetime) -> Shelf:
    db.commit()
    return Shelf(engine, people, now, **catalogue)
