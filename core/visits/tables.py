"""The lists of a centre's day, as they were saved the evening before."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class DayList(Base):
    """Who is expected at a centre on a day: for a day on which nothing works."""

    __tablename__ = "day_lists"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    saved_at: Mapped[datetime] = mapped_column(Moment)
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """In the order of time: at, service, reference, and the last three digits of the ID where one is known."""
