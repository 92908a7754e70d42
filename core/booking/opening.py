"""Switching services on and off at centres: nothing is booked that nobody has opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.booking.adjusting import MOST_COUNTERS
from core.booking.capacity import owners, wanted_ahead, write_wanted
from core.booking.given import places_taken
from core.catalogue.editing.edit import Changed, Edit, check_note, record_change, thing
from core.catalogue.editing.services import MOST_MINUTES
from core.catalogue.errors import CannotOpen, CatalogueRefused, NoSuchEntry, StillBooked, Unfit
from core.catalogue.given_hours import copy_site_hours
from core.catalogue.tables import Named, Offering, OfferingHours, Service, Site, SiteHours
from core.catalogue.version import bump_version, hold_version
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
        rows, refused = _rows_for(db, [opening])
        for error in refused.values():
            raise error
        [offering_id] = _open(db, rows, edit)
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
        rows, refused = _rows_for(db, openings)
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
        there = _rows(db, Offering.service_id == service_id, Offering.site_id == site_id)
        return {"changed": _close(db, there, edit) > 0}

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
        return {"closed": _close(db, _rows(db, Offering.site_id == site_id), edit)}

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
    rows = sorted(rows, key=lambda one: (one[0].service_id, one[0].site_id))
    changed = list[tuple[Offering, Changed]]()
    for row, opening in rows:
        if not row.open:
            old = None if row.id is None else _given(row)
            row.open, row.counters, row.minutes = True, opening.counters, opening.minutes
            row.source, row.trust = edit.source, edit.trust
            changed.append((row, Changed(old, _given(row))))
    db.add_all([row for row, _changed in changed])
    db.flush()
    opened = [row.id for row, _changed in changed]
    # In place of any that they had.
    db.execute(sa.delete(OfferingHours).where(OfferingHours.offering_id.in_(opened)))
    copy_site_hours(db, Offering.id.in_(opened), source=edit.source, trust=edit.trust)
    _record(db, edit, changed, name="offering.opened")
    write_wanted(db, wanted_ahead(db, *owners(db, opened), now=edit.now))
    return [row.id for row, _opening in rows]


def _close(db: Session, rows: Sequence[Offering], edit: Edit) -> int:
    """Close those of these that are open; how many they were.

    Raises:
        StillBooked: places are taken in them.
    """
    closing = [row for row in rows if row.open]
    for row in closing:
        row.open = False
    db.flush()
    _record(db, edit, [(row, Changed(_given(row), None)) for row in closing], name="offering.closed")
    closed = [row.id for row in closing]
    write_wanted(db, wanted_ahead(db, *owners(db, closed), now=edit.now))
    # Their windows are locked by now, so nobody takes a place while they are counted.
    taken = sum(places_taken(db, closed, now=edit.now).values())
    if taken:
        raise StillBooked(taken)
    return len(closed)


def _record(db: Session, edit: Edit, changed: Sequence[tuple[Offering, Changed]], *, name: str) -> None:
    """An event for each, and one version of the catalogue for all."""
    if changed:
        version = bump_version(db)
        for row, what in changed:
            record_change(db, edit, f"offering:{row.id}", "open", what, name=name, version=version)


def _given(row: Offering) -> dict[str, int]:
    return {"counters": row.counters, "minutes": row.minutes}


_Refused = dict[tuple[str, str], CatalogueRefused]
"""Why something cannot be opened, by the codes of service and centre."""


def _rows_for(db: Session, openings: Sequence[Opening]) -> tuple[list[tuple[Offering, Opening]], _Refused]:
    """The rows that are opened by these, of which a new one is not in the tables yet; and what cannot be opened."""
    named, placed = {one.service for one in openings}, {one.site for one in openings}
    called = sa.select(Service).where(Service.code.in_(named)).execution_options(populate_existing=True)
    services = {row.code: row for row in db.scalars(called)}
    sites = {row.code: row.id for row in db.execute(sa.select(Site.code, Site.id).where(Site.code.in_(placed)))}
    with_hours = set(db.scalars(sa.select(SiteHours.site_id).where(SiteHours.site_id.in_(sites.values())).distinct()))
    given = [service.id for service in services.values()]
    found = _rows(db, Offering.service_id.in_(given), Offering.site_id.in_(sites.values()))
    there = {(row.service_id, row.site_id): row for row in found}
    rows, refused = list[tuple[Offering, Opening]](), _Refused()
    for opening in openings:
        service, site_id = services.get(opening.service), sites.get(opening.site)
        try:
            if service is None or site_id is None:
                raise NoSuchEntry
            _check(opening, service)
            row = there.get((service.id, site_id)) or Offering(service_id=service.id, site_id=site_id)
            if not row.open and site_id not in with_hours:
                raise Unfit(_("Nobody knows the hours of this centre: set them first."))
            rows.append((row, opening))
        except CatalogueRefused as error:
            refused[opening.service, opening.site] = error
    return rows, refused


def _rows(db: Session, *which: sa.ColumnElement[bool]) -> Sequence[Offering]:
    """What there is of these, as it now stands, by service and centre."""
    there = sa.select(Offering).where(*which).order_by(Offering.service_id, Offering.site_id)
    return db.scalars(there.execution_options(populate_existing=True)).all()


def _check(opening: Opening, service: Service) -> None:
    if not 1 <= opening.counters <= MOST_COUNTERS:
        raise Unfit(_("Type a number of counters from 1 to {most}.").format(most=MOST_COUNTERS), field="counters")
    if not 1 <= opening.minutes <= MOST_MINUTES:
        raise Unfit(_("Type a number of minutes from 1 to {most}.").format(most=MOST_MINUTES), field="minutes")
    if service.elsewhere:
        raise Unfit(_("This service is not given at Huduma Centres."))
    if service.appointment == "walk_in":
        raise Unfit(_("Nobody books this service: people walk in."))
