"""Days on which offices are closed by decree, or open in spite of what the holidays library says."""

from datetime import date

import sqlalchemy as sa

from core.catalogue.editing.edit import Changed, Edit, check_note, fitting, record_change
from core.catalogue.errors import BadSpan, NoSuchEntry
from core.catalogue.tables import HolidayOverride
from core.catalogue.version import hold_version
from core.clock import local_date
from core.db import Session
from core.idempotency import Outcome, once
from core.wording import gettext as _


def set_day(db: Session, day: date, *, closed: bool, reason: str, edit: Edit) -> bool:
    """Say that offices are closed on a day, or open. Returns whether it was not said before.

    This only writes it down: core.booking.closing.days calls it, and closes the
    centres, so that nobody is left on a closed day.

    Raises:
        BadSpan: the day is past.
        Unfit: there is no reason.
        Unsourced.
    """

    def act() -> Outcome:
        check_note(edit)
        if day < local_date(edit.now):
            raise BadSpan(_("That is past. Type a day to come."), field="day")
        said = fitting(reason, "reason")
        hold_version(db)
        row = db.get(HolidayOverride, day, populate_existing=True)
        old = None if row is None else [row.closed, row.reason]
        row = row or HolidayOverride(day=day)
        row.closed, row.reason = closed, said
        db.add(row)
        return _record(db, edit, day, Changed(old, [closed, said]))

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def said_days(db: Session, *, since: date) -> list[HolidayOverride]:
    """What is said of days from one on, the next first."""
    return list(
        db.scalars(sa.select(HolidayOverride).where(HolidayOverride.day >= since).order_by(HolidayOverride.day))
    )


def check_day(day: date, reason: str, edit: Edit) -> str:
    """The reason as it is kept.

    Raises:
        BadSpan, Unfit, Unsourced: as `set_day`.
    """
    check_note(edit)
    if day < local_date(edit.now):
        raise BadSpan(_("That is past. Give a day to come."), field="day")
    return fitting(reason, "reason")


def drop_day(db: Session, day: date, *, edit: Edit) -> bool:
    """Go by the holidays library again.

    Raises:
        NoSuchEntry: nothing is said of the day.
        Unsourced.
    """

    def act() -> Outcome:
        check_note(edit)
        hold_version(db)
        row = db.get(HolidayOverride, day, populate_existing=True)
        if row is None:
            raise NoSuchEntry
        old = [row.closed, row.reason]
        db.delete(row)
        return _record(db, edit, day, Changed(old, None))

    return bool(once(db, edit.request_key, act, now=edit.now)["changed"])


def _record(db: Session, edit: Edit, day: date, changed: Changed) -> Outcome:
    db.flush()
    record_change(db, edit, f"holiday:{day.isoformat()}", "holiday", changed, name="catalogue.changed")
    return {"changed": changed.old != changed.new}
