"""Names: short for a phone's screen, full where there is room, in every language."""

from collections.abc import Mapping

import sqlalchemy as sa

from core.catalogue.content import SHORT_SERVICE, SHORT_SITE
from core.catalogue.editing.edit import LONGEST_FULL, Changed, Edit, Thing, change, fitting, thing
from core.catalogue.tables import Name, Named, Part
from core.db import Session
from core.wording import LANGUAGES

SHORTEST: Mapping[Named, int] = {
    Named.SERVICE: SHORT_SERVICE,
    Named.CATEGORY: SHORT_SERVICE,
    Named.SITE: SHORT_SITE,
    Named.AGENCY: SHORT_SITE,
}
"""Most septets of a short name."""


def rename(
    db: Session, kind: Named, code: str, *, short: Mapping[str, str], full: Mapping[str, str], edit: Edit
) -> bool:
    """Give something its names, by language. Returns whether they were others before.

    Raises:
        Unfit: `field` is short_en, full_sw and so on.
        NoSuchEntry, Unsourced.
    """
    what = thing(db, kind, code)

    def work() -> Changed:
        old = names_of(db, what)
        return Changed(old, write_names(db, what, short=short, full=full))

    return change(db, edit, what, Part.NAMES, work)


def write_names(db: Session, what: Thing, *, short: Mapping[str, str], full: Mapping[str, str]) -> dict[str, str]:
    """Check and write all names of a thing; returns them as `names_of` does.

    Raises:
        Unfit: as `rename`.
    """
    new = {}
    for language in LANGUAGES:
        for column, given, most in (("short", short, SHORTEST[what.kind]), ("full", full, LONGEST_FULL)):
            field = f"{column}_{language}"
            taken = _others(db, what, language, column)
            new[field] = fitting(given.get(language, ""), field, most=most, taken=taken)
    for language in LANGUAGES:
        key = {"kind": what.kind.value, "owner_id": what.id, "language": language}
        row = db.get(Name, key) or Name(**key)
        row.short, row.full = new[f"short_{language}"], new[f"full_{language}"]
        db.add(row)
    return new


def names_of(db: Session, what: Thing) -> dict[str, str]:
    """short_en, full_en, short_sw and full_sw, as far as there are any."""
    rows = db.scalars(
        sa.select(Name)
        .where(Name.kind == what.kind, Name.owner_id == what.id)
        .execution_options(populate_existing=True)
    )
    return {f"{column}_{row.language}": getattr(row, column) for row in rows for column in ("short", "full")}


def _others(db: Session, what: Thing, language: str, column: str) -> set[str]:
    """Names that others of the same kind have: full names of agencies may be alike."""
    if column == "full" and what.kind is not Named.SERVICE:
        return set()
    return set(
        db.scalars(
            sa.select(getattr(Name, column)).where(
                Name.kind == what.kind, Name.language == language, Name.owner_id != what.id
            )
        )
    )
