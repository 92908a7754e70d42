"""All tables, for whoever needs the whole: migrations and the tests about them."""

from core.booking import tables as booking
from core.calls import tables as calls
from core.campaigns import tables as campaigns
from core.catalogue import tables as catalogue
from core.db import Base
from core.idempotency import Request
from core.messaging import tables as messaging
from core.partners import tables as partners
from core.people import tables as people
from core.schedule import ClockRun
from core.staff import tables as staff
from core.tracking import tables as tracking
from core.visits import tables as visits

__all__ = [
    "ClockRun",
    "Request",
    "booking",
    "calls",
    "campaigns",
    "catalogue",
    "messaging",
    "metadata",
    "partners",
    "people",
    "staff",
    "tracking",
    "visits",
]

metadata = Base.metadata
