"""When each job of the clock last ran."""

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment, Session


class ClockRun(Base):
    """When a job of the clock last ran: taken by a conditional UPDATE, so that two clocks do no harm."""

    __tablename__ = "clock_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(Moment)


def take_run(db: Session, job: str, every: timedelta, now: datetime) -> bool:
    """Whether a job is due and the caller's to run: the row says so to one clock only."""
    taken = db.scalar(
        insert(ClockRun)
        .values(job=job, ran_at=now)
        .on_conflict_do_update(
            index_elements=[ClockRun.job], set_={"ran_at": now}, where=ClockRun.ran_at <= now - every
        )
        .returning(ClockRun.job)
    )
    return taken is not None
