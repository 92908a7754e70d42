"""The counting of seats.

A seat counts in three rows of `windows`: the offering's window, the site's
window over all services, and the offering's day. A counter that nobody limits
has NO_LIMIT places and still counts.

All that a command takes and gives back is netted, and one statement changes the
counters in the order of their keys: commands that cross cannot deadlock, and
either all of it happens or none.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from core.booking.availability import day_begins
from core.booking.errors import SlotFull
from core.booking.tables import NO_LIMIT, Counted
from core.catalogue.snapshot import Offering
from core.clock import local_date
from core.db import Session

Key = tuple[str, int, datetime]


@dataclass(frozen=True, slots=True)
class Seat:
    """One person's: where they are expected, and when."""

    offering_id: int
    site_id: int
    starts_at: datetime

    def counters(self) -> tuple[Key, Key, Key]:
        """The keys of the day, the offering's window and the site's window."""
        return (
            (Counted.DAY.value, self.offering_id, day_begins(local_date(self.starts_at))),
            (Counted.OFFERING.value, self.offering_id, self.starts_at),
            (Counted.SITE.value, self.site_id, self.starts_at),
        )


def seat_at(offering: Offering, starts_at: datetime) -> Seat:
    return Seat(offering.id, offering.site.id, starts_at)


@dataclass(slots=True)
class Exchange:
    """What one command takes and gives back, settled together."""

    _taken: Counter[Seat] = field(default_factory=Counter)
    _given_back: Counter[Seat] = field(default_factory=Counter)
    _freed: Counter[Seat] = field(default_factory=Counter)
    """What others give back is not ours before the capacity allows it."""
    _capacities: dict[Key, int] = field(default_factory=dict)
    _more: dict[Key, int] = field(default_factory=dict)
    """How many places beyond the wanted ones a counter may have."""
    _even_shut: bool = False

    def take(self, offering: Offering, starts_at: datetime) -> None:
        seat = seat_at(offering, starts_at)
        self._taken[seat] += 1
        limits = (limit(offering.daily_quota), offering.capacity, limit(offering.site.window_cap))
        self._capacities.update(zip(seat.counters(), limits, strict=True))

    def squeeze(self, offering: Offering, starts_at: datetime, *, most: int, even_shut: bool = False) -> None:
        """Take a place also where the window is full: there may be `most` more than wanted, on the day any number.

        The capacity follows, and falls again as places are given back. `even_shut`: also
        in a window that is to have none, for somebody who stands at the counter.
        """
        self._even_shut = self._even_shut or even_shut
        self.take(offering, starts_at)
        day, *windows = seat_at(offering, starts_at).counters()
        self._more |= {day: NO_LIMIT} | dict.fromkeys(windows, most)

    def take_back(self, seat: Seat) -> None:
        """Take a place that was given back, for somebody who stands at the counter: also where it is full or shut.

        Its counters are there still.
        """
        self._even_shut = True
        self._taken[seat] += 1
        self._more |= dict.fromkeys(seat.counters(), NO_LIMIT)

    def give_back(self, seats: Iterable[Seat]) -> None:
        self._given_back.update(seats)

    def free(self, seats: Iterable[Seat]) -> None:
        """Give back what others held."""
        self._freed.update(seats)

    @property
    def left(self) -> Counter[Seat]:
        """What the phone itself has given back and not taken again."""
        return self._given_back - self._taken

    @property
    def freed(self) -> Counter[Seat]:
        """What others held."""
        return self._freed

    def taken_of(self, key: Key) -> int:
        """How many it has taken of a counter."""
        return sum(count for seat, count in self._taken.items() if key in seat.counters())

    def settle(self, db: Session) -> None:
        """Change the counters; what one's own phone takes and gives back alike costs nothing.

        Raises:
            SlotFull: one of them has no room. The caller's savepoint must be rolled back.
        """
        net = _by_counter(self._taken)
        net.subtract(_by_counter(self._given_back + self._freed))
        freed, left = _by_counter(self._freed), _by_counter(self.left)
        keys = sorted(key for key, change in net.items() if change or freed[key] or left[key])
        if not keys:
            return
        kept = [not net[key] and not freed[key] for key in keys]
        parameters = {
            "kinds": [kind for kind, _, _ in keys],
            "owners": [owner for _, owner, _ in keys],
            "starts": [starts_at for _, _, starts_at in keys],
            "changes": [net[key] for key in keys],
            "kept": kept,
            "capacities": [self._capacities.get(key, 0) for key in keys],
            "more": [self._more.get(key, 0) for key in keys],
            "even_shut": self._even_shut,
        }
        if len(db.execute(_SETTLE, parameters).all()) < len(keys):
            if all(net[key] < 0 or same for key, same in zip(keys, kept, strict=True)):
                raise RuntimeError("a place was given back that nobody had taken")
            raise SlotFull
        if self._more:
            db.execute(_FIT, {name: parameters[name] for name in ("kinds", "owners", "starts")})


def room_at(db: Session, seat: Seat) -> dict[Key, int]:
    """How many more the three counters of a seat have room for. Of use once `settle` has locked them."""
    rows = db.execute(_ROOM, _keys(seat))
    return {(row.kind, row.owner_id, row.starts_at): row.room for row in rows}


def take_again(db: Session, seat: Seat) -> None:
    """Take a seat that this transaction has given back and found room at: its counters are locked."""
    taken = db.execute(_TAKE_AGAIN, _keys(seat)).all()
    assert len(taken) == len(seat.counters())


def _keys(seat: Seat) -> dict[str, list[object]]:
    kinds, owners, starts = zip(*seat.counters(), strict=True)
    return {"kinds": list(kinds), "owners": list(owners), "starts": list(starts)}


def _by_counter(seats: Counter[Seat]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for seat, count in seats.items():
        for key in seat.counters():
            found[key] += count
    return found


def limit(places: int | None) -> int:
    return NO_LIMIT if places is None else places


_MINE = """
    (kind, owner_id, starts_at) IN (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS int[]), CAST(:starts AS timestamptz[])))
"""
_ROOM = sa.text(f"SELECT kind, owner_id, starts_at, capacity - taken AS room FROM windows WHERE {_MINE}")
_TAKE_AGAIN = sa.text(f"UPDATE windows SET taken = taken + 1 WHERE {_MINE} RETURNING kind")

_SETTLE = sa.text("""
    INSERT INTO windows AS counter (kind, owner_id, starts_at, wanted, capacity, taken)
    SELECT kind, owner_id, starts_at,
           CASE WHEN change > 0 THEN places WHEN kept THEN 1 ELSE 0 END,
           CASE WHEN change > 0 THEN places + more WHEN kept THEN 1 ELSE -change END,
           greatest(change, 0)
    FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS int[]), CAST(:starts AS timestamptz[]),
                CAST(:changes AS int[]), CAST(:kept AS bool[]), CAST(:capacities AS int[]), CAST(:more AS int[]))
         WITH ORDINALITY AS asked (kind, owner_id, starts_at, change, kept, places, more, nth)
    WHERE CASE
        WHEN change > 0 THEN change <= places + more
        ELSE EXISTS (SELECT FROM windows w
                     WHERE (w.kind, w.owner_id, w.starts_at) = (asked.kind, asked.owner_id, asked.starts_at))
    END
    ORDER BY nth
    ON CONFLICT (kind, owner_id, starts_at) DO UPDATE SET
        taken = counter.taken + excluded.taken - CASE
            WHEN excluded.taken = 0 AND excluded.wanted = 0 THEN excluded.capacity
            ELSE 0
        END,
        capacity = CASE
            WHEN excluded.taken = 0 AND excluded.wanted = 0
            THEN greatest(counter.wanted, counter.taken - excluded.capacity)
            ELSE greatest(counter.capacity, counter.taken + excluded.taken)
        END
    WHERE CASE
        WHEN excluded.taken > 0
        THEN counter.taken + excluded.taken
             <= greatest(counter.capacity, CASE WHEN counter.wanted > 0 OR CAST(:even_shut AS bool)
                                           THEN counter.wanted + excluded.capacity - excluded.wanted END)
        WHEN excluded.capacity = 0 THEN counter.taken <= counter.wanted
        ELSE true
    END
    RETURNING kind
""")
"""One row a counter, in the order given; a row comes back for each that could be changed.

A new row must pass the CHECKs even where it only meets an old one, so a give-back
of n travels as (taken 0, capacity n). `places` counts only for a counter that has
no row yet: afterwards the row knows better. A place can be given back even where
more are taken than wanted, and that lowers the capacity; so where others give back
what is taken in the same breath (a change of 0), it can be had only if no more are
taken than wanted. A counter of which one's own phone takes and gives back alike,
but in different seats, is only locked (`kept`; it travels as wanted 1, taken 0),
so that the seat it left can be passed on. Who may squeeze in takes with a
capacity above the wanted one, but nobody squeezes into a window that is shut unless
they are there already (`even_shut`); a row that was not there before is cut to size by _FIT.
"""

_FIT = sa.text(f"UPDATE windows SET capacity = greatest(wanted, taken) WHERE {_MINE}")
"""Of counters that this transaction has locked."""
