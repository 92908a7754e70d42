"""Switching a service on and off at a centre: nothing is booked that nobody has opened."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.booking.adjusting import MOST_COUNTERS
from core.booking.capacity import Owner, owner, rewrite
from core.booking.given import places_taken
from core.catalogue.editing.edit import Changed, Edit, check_note, record_change, thing
from core.catalogue.editing.services import MOST_MINUTES
from core.catalogue.errors import StillBooked, Unfit
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
    service, site = thing(db, Named.SERVICE, opening.service), thing(db, Named.SITE, opening.site)

    def act() -> Outcome:
        check_note(edit)
        # From here on nobody makes a service of it that people walk in to.
        hold_version(db)
        _check(db, opening, service.id)
        row = _row(db, service.id, site.id)
        if row is not None and row.open:
            return {"offering_id": row.id}
        old = None if row is None else {"counters": row.counters, "minutes": row.minutes}
        row = row or Offering(service_id=service.id, site_id=site.id)
        row.open, row.counters, row.minutes = True, opening.counters, opening.minutes
        row.source, row.trust = edit.source, edit.trust
        db.add(row)
        db.flush()
        _copy_hours(db, row, edit)
        new = {"counters": row.counters, "minutes": row.minutes}
        subject = _subject(row)
        record_change(db, edit, subject, "open", Changed(old, new), name="offering.opened")
        rewrite(db, owner(db, site_id=site.id, offering_id=row.id), now=edit.now)
        return {"offering_id": row.id}

    return int(once(db, edit.request_key, act, now=edit.now)["offering_id"])


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
        check_note(edit)
        hold_version(db)
        row = _row(db, service_id, site_id)
        if row is None or not row.open:
            return {"changed": False}
        row.open = False
        db.flush()
        old = {"counters": row.counters, "minutes": row.minutes}
        record_change(db, edit, _subject(row), "open", Changed(old, None), name="offering.closed")
        rewrite(db, _shut(owner(db, site_id=site_id, offering_id=row.id)), now=edit.now)
        # Its windows are locked by now, so nobody takes a place while they are counted.
        taken = places_taken(db, [row.id], now=edit.now)
        if taken:
            raise StillBooked(taken[row.id])
        return {"changed": True}

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def _shut(whose: Owner) -> Owner:
    return replace(whose, counters=0)


def _row(db: Session, service_id: int, site_id: int) -> Offering | None:
    return db.scalar(
        sa.select(Offering)
        .where(Offering.service_id == service_id, Offering.site_id == site_id)
        .execution_options(populate_existing=True)
    )


def _copy_hours(db: Session, row: Offering, edit: Edit) -> None:
    """The centre's hours, in place of any that it had.

    Raises:
        Unfit: the centre has none.
    """
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
    copied = sa.insert(OfferingHours).from_select(columns, hours).returning(OfferingHours.weekday)
    if not db.execute(copied).all():
        raise Unfit(_("Nobody knows the hours of this centre: set them first."))


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
