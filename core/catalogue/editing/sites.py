"""Where centres and outreaches are, and adding one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from core.catalogue.editing.edit import Changed, Edit, Thing, add, change, check_code, check_seen, fitting, thing
from core.catalogue.editing.naming import write_names
from core.catalogue.errors import BadSpan, Unfit
from core.catalogue.tables import Area, Named, Part, Site, SiteHours
from core.clock import local_date
from core.db import Session
from core.wording import gettext as _

CENTRE, OUTREACH = "centre", "outreach"
LONGEST_TOWN = 30


def set_address(db: Session, site: str, *, address: str, edit: Edit) -> bool:
    """Where to find the centre; empty: nobody knows. Returns whether it was another before.

    Raises:
        Unfit: no phone can show it.
        NoSuchEntry, Unsourced.
    """
    return _set(db, site, Part.ADDRESS, address, edit)


def set_town(db: Session, site: str, *, town: str, edit: Edit) -> bool:
    """The town by which it is found. Returns whether it was another before.

    Raises:
        Unfit: no phone can show it, or it is empty.
        NoSuchEntry, Unsourced.
    """
    return _set(db, site, Part.TOWN, town, edit)


def verify(db: Session, site: str, part: Part, *, seen: str, edit: Edit) -> bool:
    """Confirm an address or a town (Part.ADDRESS, Part.TOWN) as it stands. Returns whether it was told otherwise.

    Args:
        seen: the mark (edit.mark_of) of the text when it was looked at.

    Raises:
        Outdated: it has changed since.
        Unfit: there is none.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SITE, site)

    def work() -> Changed:
        row = db.get_one(Site, what.id, populate_existing=True)
        text, trust = getattr(row, part), getattr(row, f"{part}_trust")
        check_seen(seen, text)
        if not text:
            raise Unfit(_("This cannot be empty."), field=part)
        setattr(row, f"{part}_trust", edit.trust.value)
        return Changed([text, trust], [text, edit.trust.value])

    return change(db, edit, what, part, work)


def site_row(db: Session, what: Thing) -> Site:
    """What is known of a centre besides its names and hours."""
    return db.get_one(Site, what.id)


def days_of(row: Site) -> list[str | None]:
    """The first and the last day on which it is there, as events keep them. They are set by core.booking.site_days."""
    return [day.isoformat() if day else None for day in (row.opens_on, row.closes_on)]


def _set(db: Session, site: str, part: Part, text: str, edit: Edit) -> bool:
    what = thing(db, Named.SITE, site)

    def work() -> Changed:
        row = db.get_one(Site, what.id, populate_existing=True)
        old = [getattr(row, part), getattr(row, f"{part}_trust")]
        value = _line(text, part) if text.strip() or part is Part.TOWN else ""
        setattr(row, part, value)
        setattr(row, f"{part}_trust", edit.trust.value)
        return Changed(old, [value, edit.trust.value])

    return change(db, edit, what, part, work)


def _line(text: str, field: str) -> str:
    return fitting(text, field, most=LONGEST_TOWN) if field == Part.TOWN else fitting(text, field)


@dataclass(frozen=True, slots=True)
class NewSite:
    """A centre, or an outreach with an end, that no data file has."""

    code: str
    kind: str
    county: str
    """Code of its area."""
    short: Mapping[str, str]
    full: Mapping[str, str]
    town: str
    address: str
    opens_on: date | None
    closes_on: date | None
    """Last day of an outreach."""
    hours_of: str
    """Code of the centre whose hours it has."""


def add_site(db: Session, new: NewSite, *, edit: Edit) -> bool:
    """Add it with the hours of another centre; no service is given there before it is opened.

    Raises:
        Unfit: its code or a name cannot be (`field` says which), or another has it.
        BadSpan: an outreach without an end, or with one that is past.
        NoSuchEntry: there is no such area, or no centre to take the hours of.
        Unsourced.
    """
    like = thing(db, Named.SITE, new.hours_of)
    area_id = db.scalar(sa.select(Area.id).where(Area.code == new.county, Area.parent_id.is_(None)))
    if area_id is None:
        raise Unfit(_("Choose one."), field="county")

    def work() -> Changed:
        _check(db, new, today=local_date(edit.now))
        row = Site(
            code=new.code,
            kind=new.kind,
            area_id=area_id,
            town=_line(new.town, Part.TOWN),
            town_trust=edit.trust,
            address=_line(new.address, Part.ADDRESS) if new.address.strip() else "",
            address_trust=edit.trust,
            opens_on=new.opens_on,
            closes_on=new.closes_on,
            source=edit.source,
        )
        db.add(row)
        db.flush()
        what = Thing(Named.SITE, new.code, row.id)
        names = write_names(db, what, short=new.short, full=new.full)
        _copy_hours(db, like, what, edit)
        return Changed(None, {"kind": new.kind, "county": new.county, **names})

    return add(db, edit, Named.SITE, new.code, (Part.NAMES, Part.TOWN, Part.ADDRESS, Part.HOURS), work)


def _check(db: Session, new: NewSite, *, today: date) -> None:
    check_code(db, Named.SITE, new.code, taken=_("Another centre has this code."))
    if new.kind not in (CENTRE, OUTREACH):
        raise Unfit(_("Choose one."), field="kind")
    check_days(new.kind, new.opens_on, new.closes_on, today=today)


def check_days(kind: str, opens_on: date | None, closes_on: date | None, *, today: date) -> None:
    """Raises:
    BadSpan: an outreach without an end, one that is past, or one that is before the first day.
    """
    if kind == OUTREACH and closes_on is None:
        raise BadSpan(_("Type the last day of the outreach."), field="closes_on")
    if closes_on is not None and closes_on < today:
        raise BadSpan(_("That is past. Type a day to come."), field="closes_on")
    if opens_on is not None and closes_on is not None and closes_on < opens_on:
        raise BadSpan(_("The last day is before the first."), field="closes_on")


def _copy_hours(db: Session, like: Thing, what: Thing, edit: Edit) -> None:
    rows = db.scalars(sa.select(SiteHours).where(SiteHours.site_id == like.id)).all()
    for row in rows:
        db.add(
            SiteHours(
                site_id=what.id,
                weekday=row.weekday,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                opens=row.opens,
                closes=row.closes,
                source=edit.source,
                trust=edit.trust,
            )
        )
