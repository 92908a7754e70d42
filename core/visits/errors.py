"""What is refused at a centre's desk: nothing was changed.

VisitRefused
├── AnotherDay       expected at this centre, on a later day
├── AnotherCentre    expected elsewhere
├── AlreadyOver      the visit has ended, one way or another
│   └── Contradicted paper says otherwise than what has been recorded
├── Ambiguous        two agencies gave the same reference
├── NotYet           nobody can be missed before their time
└── TimeRefused      what was done on paper cannot have been done then
"""

from datetime import datetime

from core.errors import ZamuError


class VisitRefused(ZamuError):
    """The base of these refusals."""


class AnotherDay(VisitRefused):
    """A booking of this centre for a later day."""

    def __init__(self, starts_at: datetime) -> None:
        super().__init__("expected on a later day")
        self.starts_at = starts_at


class AnotherCentre(VisitRefused):
    """A live booking of another centre. Whoever holds its reference may be told where and when, and no more."""

    def __init__(self, site_id: int, starts_at: datetime) -> None:
        super().__init__("expected elsewhere")
        self.site_id = site_id
        self.starts_at = starts_at


class AlreadyOver(VisitRefused):
    """A booking of this centre that has ended."""

    def __init__(self, outcome: str, ended_at: datetime, starts_at: datetime) -> None:
        super().__init__(f"over: {outcome}")
        self.outcome = outcome
        self.ended_at = ended_at
        self.starts_at = starts_at


class Ambiguous(VisitRefused):
    """Appointments of several services have this reference: which is meant must be said."""


class NotYet(VisitRefused):
    """Somebody is still expected, or has come: they cannot be marked as not come."""


class TimeRefused(VisitRefused):
    """`why` is future, too_old, another_day or before_opening."""

    def __init__(self, why: str, starts_at: datetime | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.starts_at = starts_at
        """When the booking was for."""


class Contradicted(AlreadyOver):
    """The booking has ended otherwise: paper does not overrule what was recorded at the time."""
