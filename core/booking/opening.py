"""Switching services on and off at centres: nothing is booked that nobody has opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.booking.adjusting import MOST_COUNTERS
from core.booking.capacity import owner, wanted_ahead, write_wanted
from core.booking.given import places_taken
from core.booking.seats import Key
from core.catalogue.editing.edit import Changed, Edit, check_note, record_change, thing
from core.catalogue.editing.services import MOST_MINUTES
from core.catalogue.errors import CannotOpen, CatalogueRefused, StillBooked, Unfit
from core.catalogue.tables import Named, Offering, OfferingHours, Service, SiteHours
from core.catalogue.version import hold_version
from core.db import Session
from core.idempotency import Outcome, once
from core.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Opening:
    """How a service is given at a centre."""

    service: str
    site: str
    """Codes."""
    counters: int
    minutes: int
    """One person at one counter."""


def open_offering(db: Session, opening: Opening, *, edit: Edit) -> int:
    """Let a service be booked at a centre, in the centre's own hours; returns the offering's id.

    An offering that was closed keeps its quota and horizon. Pressed again, it
    changes counters and minutes of nothing: that is `core.booking.adjusting`'s,
    since people may be booked.

    Raises:
        Unfit: counters or minutes that cannot be, a service without bookings, or a centre without hours.
        NoSuchEntry: no such service or centre.
        Unsourced: nobody says who has confirmed it.
    """

    def act() -> Outcome:
        [offering_id] = _open(db, [_row_for(db, opening)], edit)
        return {"offering_id": offering_id}

    return int(_switch(db, edit, act)["offering_id"])


def open_offerings(db: Session, openings: Sequence[Opening], *, edit: Edit) -> list[int]:
    """Open all of these, each as `open_offering` does, or none; their ids, by service and centre.

    Args:
        openings: no two of the same service at the same centre.

    Raises:
        CannotOpen: some of them cannot be opened; it says which, and why.
        Unsourced: nobody says who has confirmed it.
    """

    def act() -> Outcome:
        rows, refused = [], dict[tuple[str, str], CatalogueRefused]()
        for opening in openings:
            try:
                rows.append(_row_for(db, opening))
            except CatalogueRefused as error:
                refused[opening.service, opening.site] = error
        if refused:
            raise CannotOpen(refused)
        return {"offering_ids": _open(db, rows, edit)}

    return list(_switch(db, edit, act)["offering_ids"])


def close_offering(db: Session, *, service: str, site: str, edit: Edit) -> bool:
    """Let nobody book it any more. Returns whether it was open.

    From the commit on nobody can take a place there, however old their copy of
    the catalogue is: its windows have none.

    Raises:
        StillBooked: places are taken (booked, held, on offer): a closure moves them first.
        NoSuchEntry: no such service or centre.
        Unsourced: nobody says why.
    """
    service_id, site_id = thing(db, Named.SERVICE, service).id, thing(db, Named.SITE, site).id

    def act() -> Outcome:
        row = _row(db, service_id, site_id)
        return {"changed": _close(db, [] if row is None else [row], edit) > 0}

    return bool(_switch(db, edit, act)["changed"])


def close_all(db: Session, *, site: str, edit: Edit) -> int:
    """Let nobody book anything at a centre any more, as `close_offering` does; how many services were open.

    Raises:
        StillBooked: places are taken in any of them: then all stay open.
        NoSuchEntry: no such centre.
        Unsourced: nobody says why.
    """
    site_id = thing(db, Named.SITE, site).id

    def act() -> Outcome:
        there = sa.select(Offering).where(Offering.site_id == site_id).order_by(Offering.service_id)
        return {"closed": _close(db, db.scalars(there.execution_options(populate_existing=True)).all(), edit)}

    return int(_switch(db, edit, act)["closed"])


def usual_minutes(db: Session) -> dict[str, int]:
    """By the code of a service, how long one person takes: what is proposed where it was never open."""
    return {row.code: row.minutes for row in db.execute(sa.select(Service.code, Service.minutes))}


def _switch(db: Session, edit: Edit, act: Callable[[], Outcome]) -> Outcome:
    """Once, with nobody else changing the catalogue meanwhile: nobody makes a service of it that people walk in to.

    Raises:
        Unsourced, Unfit: as `check_note`.
    """

    def work() -> Outcome:
        check_note(edit)
        hold_version(db)
        return act()

    return once(db, edit.request_key, work, now=edit.now)


def _open(db: Session, rows: Sequence[tuple[Offering, Opening]], edit: Edit) -> list[int]:
    """Open those of these that are not; the ids of all."""
    wanted, ids = dict[Key, int](), list[int]()
    for row, opening in sorted(rows, key=lambda one: (one[0].service_id, one[0].site_id)):
        if not row.open:
            old = None if row.id is None else {"counters": row.counters, "minutes": row.minutes}
            row.open, row.counters, row.minutes = True, opening.counters, opening.minutes
            row.source, row.trust = edit.source, edit.trust
            db.add(row)
            db.flush()
            _copy_hours(db, row, edit)
            new = {"counters": row.counters, "minutes": row.minutes}
            record_change(db, edit, _subject(row), "open", Changed(old, new), name="offering.opened")
            wanted |= wanted_ahead(db, owner(db, site_id=row.site_id, offering_id=row.id), now=edit.now)
        ids.append(row.id)
    write_wanted(db, wanted)
    return ids


def _close(db: Session, rows: Sequence[Offering], edit: Edit) -> int:
    """Close those of these that are open; how many they were.

    Raises:
        StillBooked: places are taken in them.
    """
    wanted, closed = dict[Key, int](), [row for row in rows if row.open]
    for row in closed:
        row.open = False
    db.flush()
    for row in closed:
        old = {"counters": row.counters, "minutes": row.minutes}
        record_change(db, edit, _subject(row), "open", Changed(old, None), name="offering.closed")
        wanted |= wanted_ahead(db, owner(db, site_id=row.site_id, offering_id=row.id), now=edit.now)
    write_wanted(db, wanted)
    # Their windows are locked by now, so nobody takes a place while they are counted.
    taken = sum(places_taken(db, [row.id for row in closed], now=edit.now).values())
    if taken:
        raise StillBooked(taken)
    return len(closed)


def _row_for(db: Session, opening: Opening) -> tuple[Offering, Opening]:
    """The row that is opened by it; a new one is not in the tables yet.

    Raises:
        Unfit, NoSuchEntry: as `open_offering`.
    """
    service, site = thing(db, Named.SERVICE, opening.service), thing(db, Named.SITE, opening.site)
    _check(db, opening, service.id)
    row = _row(db, service.id, site.id) or Offering(service_id=service.id, site_id=site.id)
    if not row.open and not db.scalar(sa.select(sa.exists().where(SiteHours.site_id == site.id))):
        raise Unfit(_("Nobody knows the hours of this centre: set them first."))
    return row, opening


def _row(db: Session, service_id: int, site_id: int) -> Offering | None:
    return db.scalar(
        sa.select(Offering)
        .where(Offering.service_id == service_id, Offering.site_id == site_id)
        .execution_options(populate_existing=True)
    )


def _copy_hours(db: Session, row: Offering, edit: Edit) -> None:
    """The centre's hours, in place of any that it had."""
    db.execute(sa.delete(OfferingHours).where(OfferingHours.offering_id == row.id))
    hours = sa.select(
        sa.literal(row.id),
        SiteHours.weekday,
        SiteHours.valid_from,
        SiteHours.valid_until,
        SiteHours.opens,
        SiteHours.closes,
        sa.literal(edit.source),
        sa.literal(edit.trust.value),
    ).where(SiteHours.site_id == row.site_id)
    columns = ["offering_id", "weekday", "valid_from", "valid_until", "opens", "closes", "source", "trust"]
    db.execute(sa.insert(OfferingHours).from_select(columns, hours))


def _check(db: Session, opening: Opening, service_id: int) -> None:
    if not 1 <= opening.counters <= MOST_COUNTERS:
        raise Unfit(_("Type a number of counters from 1 to {most}.").format(most=MOST_COUNTERS), field="counters")
    if not 1 <= opening.minutes <= MOST_MINUTES:
        raise Unfit(_("Type a number of minutes from 1 to {most}.").format(most=MOST_MINUTES), field="minutes")
    service = db.get_one(Service, service_id, populate_existing=True)
    if service.elsewhere:
        raise Unfit(_("This service is not given at Huduma Centres."))
    if service.appointment == "walk_in":
        raise Unfit(_("Nobody books this service: people walk in."))


def _subject(row: Offering) -> str:
    return f"offering:{row.id}"
