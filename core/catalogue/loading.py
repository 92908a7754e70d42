"""One run of the importer: what it changes, what it leaves because somebody has verified it, and what it tells."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from core.catalogue.content import overlap
from core.catalogue.merging import Change, Values, differences, ids, merge, rows_of, told
from core.catalogue.reading import ALWAYS
from core.catalogue.tables import Fee, HandEdit, Name, Named, Part, Service, Site, SiteHours, Trust
from core.db import Base, Session

BY_HAND = "was set by hand"


@dataclass(frozen=True, slots=True)
class Spanned:
    """A table whose rows hold for a span of days and belong to something with a code."""

    kind: Named
    model: type[Base]
    owner: str
    """Column with the id of what the row belongs to."""
    within: tuple[str, ...]
    """Further columns whose rows may hold at the same time."""
    values: tuple[str, ...]
    """Columns with what is told."""
    part: Part
    """As `hand_edits` names it."""
    words: Callable[[Mapping[str, Any]], str]


FEES = Spanned(
    Named.SERVICE, Fee, "service_id", (), ("amount_kes",), Part.FEES, lambda row: f"fee {told(row['amount_kes'])}"
)
HOURS = Spanned(
    Named.SITE,
    SiteHours,
    "site_id",
    ("weekday",),
    ("opens", "closes"),
    Part.HOURS,
    lambda row: f"hours {row['opens']:%H:%M}-{row['closes']:%H:%M}",
)


@dataclass
class Loading:
    """What one run has done so far."""

    db: Session
    changes: list[Change] = field(default_factory=list)
    new: set[tuple[Named, str]] = field(default_factory=set)
    """What this run added: one line tells of it and of all that belongs to it."""
    _by_hand: set[tuple[str, int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        edits = self.db.execute(sa.select(HandEdit.kind, HandEdit.owner_id, HandEdit.part))
        self._by_hand = {(kind, owner_id, part) for kind, owner_id, part in edits}

    def by_hand(self, kind: Named, owner_id: int, part: Part) -> bool:
        """Whether somebody has set or confirmed this part of it at the desk: then the files do not."""
        return (kind.value, owner_id, part.value) in self._by_hand

    def added_by_hand(self, kind: Named, model: type[Service] | type[Site]) -> set[str]:
        """Codes of what no data file has brought."""
        return {code for code, id in ids(self.db, model).items() if self.by_hand(kind, id, Part.ADDED)}

    def tell(self, kind: Named, code: str, words: str, *, applied: bool = True) -> None:
        change = Change(f"{kind} {code}", words, applied)
        if (kind, code) not in self.new and change not in self.changes:
            self.changes.append(change)

    def tell_left(self, kind: Named, code: str, held: str, offered: str, *, why: str = "is verified") -> None:
        """`held` is verified, or was set by hand, and the files say something else."""
        self.tell(kind, code, f"{held} {why}, left as it is (the data says {offered})", applied=False)

    def merge_things(self, kind: Named, model: type[Base], wanted: list[Values]) -> dict[str, int]:
        """Add and update rows that have a code; return the ids of all rows of the table."""
        merged = merge(self.db, model, ("code",), wanted)
        for (code,) in merged.added:
            self.tell(kind, code, "added")
            self.new.add((kind, code))
        for (code,), columns in merged.changed.items():
            self.tell(kind, code, differences(columns))
        return ids(self.db, model)

    def merge_names(
        self, kind: Named, owners: dict[str, int], names: Iterable[tuple[str, dict[str, str], dict[str, str]]]
    ) -> None:
        """`names` are code, short names and full names by language."""
        wanted: list[Values] = []
        for code, short, full in names:
            rows: list[Values] = [
                {"kind": kind, "owner_id": owners[code], "language": lang, "short": short[lang], "full": full[lang]}
                for lang in short
            ]
            if self.by_hand(kind, owners[code], Part.NAMES):
                self._tell_names_left(kind, code, rows)
            else:
                wanted += rows
        codes = {id: code for code, id in owners.items()}
        merged = merge(self.db, Name, ("kind", "owner_id", "language"), wanted)
        for _, owner_id, lang in merged.added:
            self.tell(kind, codes[owner_id], f"named in {lang}")
        for (_, owner_id, lang), columns in merged.changed.items():
            self.tell(kind, codes[owner_id], f"name in {lang}: {differences(columns)}")

    def _tell_names_left(self, kind: Named, code: str, rows: list[Values]) -> None:
        for row in rows:
            held = self.db.execute(
                sa.select(Name.short, Name.full).where(
                    Name.kind == kind, Name.owner_id == row["owner_id"], Name.language == row["language"]
                )
            ).one()
            if tuple(held) != (row["short"], row["full"]):
                offered = f"{row['short']}; {row['full']}"
                self.tell_left(kind, code, f"name in {row['language']} {held.short}; {held.full}", offered, why=BY_HAND)

    def merge_spans(self, spanned: Spanned, owners: dict[str, int], rows: Iterable[tuple[str, Values]]) -> None:
        """`rows` are the owner's code and the values; every other row of `owners` goes, unless it is verified.

        Owners whose rows somebody has set by hand keep them all.
        """
        kept = {code for code, id in owners.items() if self.by_hand(spanned.kind, id, spanned.part)}
        rows = list(rows)
        self._tell_spans_left(spanned, owners, [(code, values) for code, values in rows if code in kept])
        rows = [(code, values) for code, values in rows if code not in kept]
        owners = {code: id for code, id in owners.items() if code not in kept}
        codes = {id: code for code, id in owners.items()}
        keys = (spanned.owner, *spanned.within)
        verified: dict[tuple[Any, ...], list[Values]] = {}
        table = spanned.model.__table__
        for held in rows_of(self.db, table, table.c.trust == Trust.VERIFIED):
            verified.setdefault(tuple(held[key] for key in keys), []).append(held)

        wanted = []
        for code, values in rows:
            row = {spanned.owner: owners[code], **values}
            clashes = [
                held for held in verified.get(tuple(row[key] for key in keys), []) if overlap(_span(row), _span(held))
            ]
            for held in clashes:
                if any(held[column] != row[column] for column in (*spanned.values, "valid_from", "valid_until")):
                    self.tell_left(
                        spanned.kind,
                        code,
                        spanned.words(held) + _span_words(held),
                        spanned.words(row) + _span_words(row),
                    )
            if not clashes:
                wanted.append(row)

        merged = merge(
            self.db,
            spanned.model,
            (*keys, "valid_from"),
            wanted,
            removable=lambda row: row[spanned.owner] in codes and row["trust"] != Trust.VERIFIED,
        )
        by_key = {tuple(row[key] for key in (*keys, "valid_from")): row for row in wanted}
        for key in merged.added:
            self.tell(spanned.kind, codes[key[0]], f"{spanned.words(by_key[key])}{_span_words(by_key[key])} added")
        for key, held in merged.removed.items():
            self.tell(spanned.kind, codes[key[0]], f"{spanned.words(held)}{_span_words(held)} removed")
        for key, columns in merged.changed.items():
            self.tell(spanned.kind, codes[key[0]], _changed_words(spanned, by_key[key], columns))

    def _tell_spans_left(self, spanned: Spanned, owners: dict[str, int], rows: list[tuple[str, Values]]) -> None:
        """Of what is kept by hand: where the files say otherwise."""
        table = spanned.model.__table__
        for code in sorted({code for code, _ in rows}):
            offered = [values for owner, values in rows if owner == code]
            held = rows_of(self.db, table, table.c[spanned.owner] == owners[code])
            columns = (*spanned.within, *spanned.values, "valid_from", "valid_until")
            told_of = [{tuple(row[column] for column in columns) for row in some} for some in (held, offered)]
            if told_of[0] != told_of[1]:
                words = [
                    "; ".join(sorted({spanned.words(row) + _span_words(row) for row in some}))
                    for some in (held, offered)
                ]
                self.tell_left(spanned.kind, code, *words, why=BY_HAND)


def _changed_words(spanned: Spanned, row: Values, columns: Mapping[str, tuple[Any, Any]]) -> str:
    """fee 1050 -> 1000 from 2026-05-01, trust estimate -> sourced."""
    others = differences(columns, hidden=spanned.values)
    if not columns.keys() & set(spanned.values):
        return f"{spanned.words(row)}{_span_words(row)}: {others}"
    old = spanned.words(row | {column: values[0] for column, values in columns.items()})
    new = spanned.words(row).split(" ", 1)[1]
    return f"{old} -> {new}{_span_words(row)}" + (f", {others}" if others else "")


def _span(row: Mapping[str, Any]) -> tuple[date, date | None]:
    return row["valid_from"], row["valid_until"]


def _span_words(row: Mapping[str, Any]) -> str:
    """Such as: from 2026-05-01 until 2026-10-30. Nothing for always."""
    first, last = _span(row)
    return (f" from {first}" if first > ALWAYS else "") + (f" until {last}" if last else "")
