"""Fees, each for a span of days."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from core.catalogue.editing.edit import Changed, Edit, Thing, change, check_seen, thing
from core.catalogue.editing.spans import A_DAY, check_span, end_before
from core.catalogue.errors import BadSpan, NoSuchEntry, Unfit
from core.catalogue.tables import Fee, Named, Part, Trust
from core.clock import local_date
from core.db import Session
from core.wording import gettext as _

DEAREST = 1_000_000
"""KES. More is a slip of the finger."""
LONGEST_AGO = timedelta(days=366)


def set_fee(
    db: Session, service: str, *, amount_kes: int | None, valid_from: date, valid_until: date | None, edit: Edit
) -> bool:
    """From that day on the service costs so much; None: nobody knows, and citizens are told to ask.

    What held before ends the day before. A fee that begins on the same day is
    replaced. Returns whether anything was changed.

    Raises:
        BadSpan: the last day is before the first, or the first long past.
        Overlapping: another fee is planned within these days.
        Unfit: the amount is less than nothing, or more than anything costs.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        _check(amount_kes, valid_from, valid_until, today=local_date(edit.now))
        old = fees_of(db, what)
        rows = fee_rows(db, what)
        row = end_before(rows, valid_from, valid_until) or Fee(service_id=what.id, valid_from=valid_from)
        row.valid_until, row.amount_kes = valid_until, amount_kes
        row.source, row.trust = edit.source, edit.trust
        db.add(row)
        db.flush()
        return Changed(old, fees_of(db, what))

    return change(db, edit, what, Part.FEES, work)


def drop_fee(db: Session, service: str, *, valid_from: date, edit: Edit) -> bool:
    """Take a fee away that has not begun: what holds until then goes on.

    Raises:
        NoSuchEntry: no fee begins on that day.
        BadSpan: it has begun, and people have paid it.
        Unsourced.
    """
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        old = fees_of(db, what)
        rows = {row.valid_from: row for row in fee_rows(db, what)}
        if valid_from not in rows:
            raise NoSuchEntry
        if valid_from <= local_date(edit.now):
            raise BadSpan(_("This fee has begun. Set another one from a day to come."), field="valid_from")
        gone = rows.pop(valid_from)
        for row in rows.values():
            if row.valid_until == valid_from - A_DAY:
                row.valid_until = gone.valid_until
        db.delete(gone)
        db.flush()
        return Changed(old, fees_of(db, what))

    return change(db, edit, what, Part.FEES, work)


def verify_fee(db: Session, service: str, *, valid_from: date, seen: str, edit: Edit) -> bool:
    """Confirm an amount as it stands. Returns whether it was told otherwise before.

    Args:
        seen: the mark (edit.mark_of) of the fee, as `told`, when it was looked at.

    Raises:
        NoSuchEntry: no fee begins on that day.
        Outdated: it has changed since.
        Unfit: there is no amount to confirm.
        Unsourced.
    """
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        row = db.get(Fee, (what.id, valid_from), populate_existing=True)
        if row is None:
            raise NoSuchEntry
        check_seen(seen, told(row))
        if row.amount_kes is None:
            raise Unfit(_("There is no amount to confirm: set the fee."), field="amount_kes")
        old = fees_of(db, what)
        row.trust, row.source = Trust.VERIFIED, edit.source
        db.flush()
        return Changed(old, fees_of(db, what))

    return change(db, edit, what, Part.FEES, work)


def fee_rows(db: Session, what: Thing) -> list[Fee]:
    """All fees of a service that are known, those of the past too: the earliest first."""
    found = sa.select(Fee).where(Fee.service_id == what.id).order_by(Fee.valid_from)
    return list(db.scalars(found.execution_options(populate_existing=True)))


def fees_of(db: Session, what: Thing) -> list[dict[str, Any]]:
    """All that are known, as events keep them: the earliest first."""
    return [told(row) for row in fee_rows(db, what)]


def told(row: Fee) -> dict[str, Any]:
    """One fee, as events keep it."""
    return {
        "amount_kes": row.amount_kes,
        "from": row.valid_from.isoformat(),
        "until": row.valid_until.isoformat() if row.valid_until else None,
        "trust": row.trust,
    }


def _check(amount_kes: int | None, valid_from: date, valid_until: date | None, *, today: date) -> None:
    if amount_kes is not None and not 0 <= amount_kes <= DEAREST:
        raise Unfit(_("Check the amount."), field="amount_kes")
    check_span(valid_from, valid_until)
    if valid_from < today - LONGEST_AGO:
        raise BadSpan(_("That is more than a year ago."), field="valid_from")
