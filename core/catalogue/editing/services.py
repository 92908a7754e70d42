"""What is known of a service besides its names and fees."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.catalogue.editing.edit import LONGEST_FULL, Changed, Edit, Thing, change, check_seen, fitting, thing
from core.catalogue.errors import Unfit
from core.catalogue.tables import Named, Offering, Part, Requirement, Service, Trust
from core.db import Session
from core.wording import LANGUAGES
from core.wording import gettext as _

WALK_IN = "walk_in"
APPOINTMENTS = ("needed", "optional", WALK_IN)
MOST_MINUTES = 480
MOST_THINGS = 12
"""To bring."""


def set_list(db: Session, service: str, *, texts: Mapping[str, Sequence[str]], edit: Edit) -> bool:
    """What to bring, in order, in every language. Returns whether it was another list before.

    Raises:
        Unfit: `field` is the language: a line that no phone can show, other numbers of lines, none or too many.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        new = {language: _lines(texts.get(language, ()), language) for language in LANGUAGES}
        if len({len(lines) for lines in new.values()}) > 1:
            raise Unfit(_("Both languages must name the same things, in the same order."), field=LANGUAGES[-1])
        old = list_of(db, what)
        db.execute(sa.delete(Requirement).where(Requirement.service_id == what.id))
        for language, lines in new.items():
            for position, line in enumerate(lines, start=1):
                key = {"service_id": what.id, "language": language, "position": position}
                db.add(Requirement(**key, text=line, trust=edit.trust))
        return Changed(old, {"trust": edit.trust, **new})

    return change(db, edit, what, Part.BRING, work)


def verify_list(db: Session, service: str, *, seen: str, edit: Edit) -> bool:
    """Confirm what to bring as it stands. Returns whether it was told otherwise before.

    Args:
        seen: the mark (edit.mark_of) of `list_of` when it was looked at.

    Raises:
        Outdated: it has changed since.
        Unfit: there is nothing to confirm.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        old = list_of(db, what)
        check_seen(seen, old)
        of_it = sa.update(Requirement).where(Requirement.service_id == what.id)
        if not db.execute(of_it.values(trust=Trust.VERIFIED).returning(Requirement.position)).all():
            raise Unfit(_("There is nothing to confirm: type the list."), field=LANGUAGES[0])
        return Changed(old, list_of(db, what))

    return change(db, edit, what, Part.BRING, work)


def service_row(db: Session, what: Thing) -> Service:
    """What is known of a service besides its names, its fees and what to bring."""
    return db.get_one(Service, what.id)


def list_of(db: Session, what: Thing) -> dict[str, Any]:
    """By language, in order; and how far it may be told."""
    rows = db.execute(
        sa.select(Requirement.language, Requirement.text, Requirement.trust)
        .where(Requirement.service_id == what.id)
        .order_by(Requirement.language, Requirement.position)
    ).all()
    trusts = {row.trust for row in rows}
    weakest = next((t for t in (Trust.ESTIMATE, Trust.SOURCED, Trust.VERIFIED) if t in trusts), Trust.ESTIMATE)
    return {"trust": weakest.value, **{lang: [r.text for r in rows if r.language == lang] for lang in LANGUAGES}}


def set_minutes(db: Session, service: str, *, minutes: int, edit: Edit) -> bool:
    """How long a person takes at a counter: what is proposed when the service is opened at a centre.

    Raises:
        Unfit: less than a minute, or more than a working day.
        NoSuchEntry, Unsourced.
    """
    check_minutes(minutes)
    return _set(db, service, Part.MINUTES, "minutes", minutes, edit)


def check_minutes(minutes: int) -> None:
    """Raises:
    Unfit: less than a minute, or more than a working day.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        sentence = _("Type a number of minutes from 1 to {most}.").format(most=MOST_MINUTES)
        raise Unfit(sentence, field="minutes")


def set_appointment(db: Session, service: str, *, appointment: str, edit: Edit) -> bool:
    """Whether one books (needed), may book (optional) or walks in (walk_in).

    Raises:
        Unfit: it is none of these, or people would walk in where it is open for booking.
        NoSuchEntry, Unsourced.
    """
    if appointment not in APPOINTMENTS:
        raise Unfit(_("Choose one."), field="appointment")

    def check(service_id: int) -> None:
        open_at = sa.select(sa.func.count()).where(Offering.service_id == service_id, Offering.open)
        count = db.scalar(open_at) if appointment == WALK_IN else 0
        if count:
            sentence = _("Centres where it is open for booking: {count}. Close it there first.")
            raise Unfit(sentence.format(count=count), field="appointment")

    return _set(db, service, Part.APPOINTMENT, "appointment", appointment, edit, check)


def _set(
    db: Session,
    service: str,
    part: Part,
    column: str,
    value: int | str,
    edit: Edit,
    check: Callable[[int], None] | None = None,
) -> bool:
    what = thing(db, Named.SERVICE, service)

    def work() -> Changed:
        if check is not None:
            check(what.id)
        row = db.get_one(Service, what.id, populate_existing=True)
        old = getattr(row, column)
        setattr(row, column, value)
        return Changed(old, value)

    return change(db, edit, what, part, work)


def _lines(lines: Sequence[str], language: str) -> list[str]:
    kept = [fitting(line, language, most=LONGEST_FULL) for line in lines if line.strip()]
    if not kept:
        raise Unfit(_("Name at least one thing."), field=language)
    if len(kept) > MOST_THINGS:
        raise Unfit(_("No more than {most} things.").format(most=MOST_THINGS), field=language)
    if len(set(kept)) < len(kept):
        raise Unfit(_("The list has the same thing twice."), field=language)
    return kept
