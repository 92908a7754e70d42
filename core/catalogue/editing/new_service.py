"""Adding a service that no data file has."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from core.catalogue.editing.edit import Changed, Edit, Thing, add, check_code
from core.catalogue.editing.naming import write_names
from core.catalogue.editing.services import APPOINTMENTS, check_minutes
from core.catalogue.errors import Unfit
from core.catalogue.tables import Agency, Category, Name, Named, Part, Service
from core.db import Session
from core.wording import gettext as _

IDENTITIES = ("national_id", "document", "none")
"""Who is coming, as `services.identity` has it."""


@dataclass(frozen=True, slots=True)
class NewService:
    """A service that no data file has."""

    code: str
    agency: str
    category: str
    """Codes."""
    short: Mapping[str, str]
    full: Mapping[str, str]
    """By language."""
    appointment: str
    """needed, optional or walk_in."""
    identity: str
    """national_id, document or none."""
    minutes: int
    """One person at one counter."""


def add_service(db: Session, new: NewService, *, edit: Edit) -> bool:
    """Add it without fees and without what to bring: citizens are told to ask. Returns True.

    It is shown to nobody before a centre has it open (snapshot.Catalogue.public_services),
    unless people walk in to it: then there is nothing to open.

    Raises:
        Unfit: its code, a name or the minutes cannot be (`field` says which), or another has them.
        Unsourced.
    """

    def work() -> Changed:
        check_code(db, Named.SERVICE, new.code, taken=_("Another service has this code."))
        check_minutes(new.minutes)
        row = Service(
            code=new.code,
            agency_id=_id(db, Agency, new.agency, "agency"),
            category_id=_id(db, Category, new.category, "category"),
            appointment=_among(new.appointment, APPOINTMENTS, "appointment"),
            identity=_among(new.identity, IDENTITIES, "identity"),
            minutes=new.minutes,
            source=edit.source,
        )
        db.add(row)
        db.flush()
        names = write_names(db, Thing(Named.SERVICE, new.code, row.id), short=new.short, full=new.full)
        facts = {"agency": new.agency, "category": new.category, "identity": new.identity}
        return Changed(None, {**facts, "appointment": new.appointment, "minutes": new.minutes, **names})

    return add(db, edit, Named.SERVICE, new.code, (Part.NAMES, Part.MINUTES, Part.APPOINTMENT), work)


def agencies(db: Session, language: str) -> list[tuple[str, str]]:
    """Code and full name of every agency, those without a service too, by their names."""
    named = (
        sa.select(Agency.code, Name.full)
        .join(Name, sa.and_(Name.kind == Named.AGENCY, Name.owner_id == Agency.id, Name.language == language))
        .order_by(Name.full)
    )
    return [(code, full) for code, full in db.execute(named)]


def _id(db: Session, model: type[Agency] | type[Category], code: str, field: str) -> int:
    found = db.scalar(sa.select(model.id).where(model.code == code))
    if found is None:
        raise Unfit(_("Choose one."), field=field)
    return found


def _among(value: str, known: tuple[str, ...], field: str) -> str:
    if value not in known:
        raise Unfit(_("Choose one."), field=field)
    return value
