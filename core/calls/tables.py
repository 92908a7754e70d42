"""What is kept of calls."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class UssdEnding(Base):
    """How a call ended, as the gateway tells it: for the funnel and the bill. No phone, no input, no screen."""

    __tablename__ = "ussd_endings"

    gateway: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    network: Mapped[str]
    hops: Mapped[int | None]
    duration_ms: Mapped[int | None]
    cost_kes: Mapped[Decimal | None] = mapped_column(sa.Numeric(10, 4))
    error: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(Moment)
