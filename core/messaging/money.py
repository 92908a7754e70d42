"""Money: what each day cost, by lane and for USSD, what a lane may cost, and how long the account lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.clock import local_date
from core.db import Session
from core.messaging.tables import Balance, Spending
from core.settings import Cap

USSD = "ussd"
"""Under which the ends of calls are booked; messages are booked under their lane."""

AVERAGE_OVER = 7
"""Days with spending that an estimate looks back over."""
BALANCES_KEPT = timedelta(days=90)


def book(db: Session, *, what: str, messages: int, segments: int, cost_kes: Decimal, now: datetime) -> None:
    """Add to what a day (in Nairobi) has cost: messages that the gateway took, or calls that ended.

    Everybody who books to a lane changes the same row: to be called last in a
    transaction, after all that it locks, so that nobody waits in a circle.
    """
    row = insert(Spending).values(
        day=local_date(now), what=what, messages=messages, segments=segments, cost_kes=cost_kes
    )
    db.execute(
        row.on_conflict_do_update(
            index_elements=[Spending.day, Spending.what],
            set_={name: getattr(Spending, name) + row.excluded[name] for name in ("messages", "segments", "cost_kes")},
        )
    )


def spent(db: Session, lane: str, since: date) -> Decimal:
    """KES that a lane (or `USSD`) has cost since the beginning of a day."""
    return db.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Spending.cost_kes), 0)).where(
            Spending.what == lane, Spending.day >= since
        )
    ) or Decimal(0)


def reached_cap(db: Session, lane: str, caps: Sequence[Cap], now: datetime) -> Cap | None:
    """The first of a lane's caps that is spent, or None: while there is one, nothing of the lane is handed over.

    What is in a worker's hands when it is reached still goes, so a lane can cost a little more.
    """
    for cap in caps:
        if cap.lane == lane and spent(db, lane, begins(cap.span, local_date(now))) >= cap.kes:
            return cap
    return None


def begins(span: str, today: date) -> date:
    """The first day of the current day or month."""
    return today.replace(day=1) if span == "month" else today


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost in a time."""

    messages: int = 0
    """Messages taken by the gateway, or calls ended."""
    segments: int = 0
    kes: Decimal = Decimal(0)


def costs(db: Session, since: date, until: date | None = None) -> dict[str, Cost]:
    """By lane and for `USSD`, what was spent since the beginning of a day; nothing for those without.

    `until`: the last day that counts; None is no end.
    """
    rows = db.execute(
        sa.select(
            Spending.what,
            sa.func.sum(Spending.messages),
            sa.func.sum(Spending.segments),
            sa.func.sum(Spending.cost_kes),
        )
        .where(Spending.day >= since, sa.true() if until is None else Spending.day <= until)
        .group_by(Spending.what)
    )
    return {what: Cost(messages, segments, kes) for what, messages, segments, kes in rows}


@dataclass(frozen=True, slots=True)
class Account:
    """What the gateway's account had when it was last asked, and how long that lasts."""

    gateway: str
    at: datetime
    kes: Decimal
    daily_kes: Decimal | None
    """What a day costs, as `daily_cost` has it; None if nothing was ever spent."""

    @property
    def days_left(self) -> float | None:
        """None: nothing is being spent."""
        return float(max(self.kes, Decimal(0)) / self.daily_kes) if self.daily_kes else None


def keep_balance(db: Session, *, gateway: str, kes: Decimal, now: datetime) -> Account:
    """Keep what the gateway answered, and forget what it answered more than BALANCES_KEPT ago."""
    db.execute(insert(Balance).values(gateway=gateway, at=now, kes=kes).on_conflict_do_nothing())
    db.execute(sa.delete(Balance).where(Balance.gateway == gateway, Balance.at < now - BALANCES_KEPT))
    return Account(gateway, now, kes, daily_cost(db, local_date(now)))


def account(db: Session, now: datetime) -> Account | None:
    """As it was when it was last asked; None if it never answered."""
    last = db.scalar(sa.select(Balance).order_by(Balance.at.desc()).limit(1))
    if last is None:
        return None
    return Account(last.gateway, last.at, last.kes, daily_cost(db, local_date(now)))


def daily_cost(db: Session, today: date) -> Decimal | None:
    """What a day costs in KES: the average of the last AVERAGE_OVER days on which anything was spent.

    Today is not over, and counts only where it makes the average dearer: so a
    campaign that empties the account is noticed on its own day.
    """
    days = db.execute(
        sa.select(Spending.day, sa.func.sum(Spending.cost_kes))
        .where(Spending.day <= today, Spending.cost_kes > 0)
        .group_by(Spending.day)
        .order_by(Spending.day.desc())
        .limit(AVERAGE_OVER + 1)
    ).all()
    all_days = [kes for _, kes in days][:AVERAGE_OVER]
    whole_days = [kes for day, kes in days if day < today][:AVERAGE_OVER]
    averages = [sum(some, Decimal(0)) / len(some) for some in (all_days, whole_days) if some]
    return max(averages, default=None)
