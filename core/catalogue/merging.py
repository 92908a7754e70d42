"""Brings rows of a table to what they should be, and says in words what that changed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import Base, Session

Values = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that loading did, or left alone because somebody has verified it since."""

    subject: str
    """service IDR."""
    words: str
    """fee 1050 -> 1000 from 2026-05-01."""
    applied: bool = True
    """False: the database was left as it is."""

    def __str__(self) -> str:
        return f"{self.subject}: {self.words}"


@dataclass(frozen=True, slots=True)
class Merged:
    """What one merge did, by key."""

    added: tuple[Key, ...]
    changed: Mapping[Key, Mapping[str, tuple[Any, Any]]]
    """Old and new value of each column that differed."""
    removed: Mapping[Key, Values]


def merge(
    db: Session,
    model: type[Base],
    key: tuple[str, ...],
    wanted: Iterable[Values],
    *,
    removable: Callable[[Values], bool] = lambda row: False,
) -> Merged:
    """Insert and update rows of a table until every wanted one is there.

    Columns that a wanted row does not name are left alone. A row that is not
    wanted is removed where `removable` says so. All wanted rows name the same columns.
    """
    table = model.__table__
    assert isinstance(table, sa.Table)
    rows = {_key(row, key): row for row in wanted}
    held = {_key(row, key): row for row in rows_of(db, table)}
    added = [k for k in rows if k not in held]
    removed = {k: row for k, row in held.items() if k not in rows and removable(row)}
    changed = {
        k: {column: (held[k][column], value) for column, value in row.items() if held[k][column] != value}
        for k, row in rows.items()
        if k in held
    }
    changed = {k: columns for k, columns in changed.items() if columns}

    for k in removed:
        db.execute(sa.delete(table).where(_is(table, key, k)))
    for k, columns in changed.items():
        db.execute(sa.update(table).where(_is(table, key, k)).values({c: new for c, (_, new) in columns.items()}))
    if added:
        db.execute(sa.insert(table), [rows[k] for k in added])
    return Merged(tuple(added), changed, removed)


def ids(db: Session, model: type[Base]) -> dict[str, int]:
    """The id of every row of a table that has codes."""
    table = model.__table__
    return {row.code: row.id for row in db.execute(sa.select(table.c.code, table.c.id))}


def rows_of(db: Session, table: sa.FromClause, *where: sa.ColumnElement[bool]) -> list[Values]:
    """Rows as dictionaries, by primary key: nothing that the session would track."""
    return [row._asdict() for row in db.execute(sa.select(table).where(*where).order_by(*table.primary_key))]


def told(value: Any) -> str:
    """A value in a sentence."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if str(value) else "empty"


def differences(columns: Mapping[str, tuple[Any, Any]], *, hidden: Collection[str] = ()) -> str:
    """amount 1050 -> 1000, source a -> b."""
    return ", ".join(
        f"{column.replace('_', ' ')} {told(old)} -> {told(new)}"
        for column, (old, new) in columns.items()
        if column not in hidden
    )


def _key(row: Mapping[str, Any], columns: tuple[str, ...]) -> Key:
    return tuple(row[column] for column in columns)


def _is(table: sa.Table, columns: tuple[str, ...], key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[column] == value for column, value in zip(columns, key, strict=True)))
