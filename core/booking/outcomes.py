"""What commands answer, and how `requests` keeps it so that a retry gets the same answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.idempotency import Outcome


def booking_subject(booking_id: int) -> str:
    """How events and messages name a booking."""
    return f"booking:{booking_id}"


def appointment_subject(appointment_id: int) -> str:
    """How events name an appointment."""
    return f"appointment:{appointment_id}"


@dataclass(frozen=True, slots=True)
class Held:
    """A place kept for a phone until `expires_at`."""

    offering_id: int
    starts_at: datetime
    expires_at: datetime

    def as_outcome(self) -> Outcome:
        return {
            "offering_id": self.offering_id,
            "starts_at": self.starts_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_outcome(cls, outcome: dict[str, Any]) -> "Held":
        return cls(
            offering_id=outcome["offering_id"],
            starts_at=datetime.fromisoformat(outcome["starts_at"]),
            expires_at=datetime.fromisoformat(outcome["expires_at"]),
        )


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it was when the command ended; it may have been moved since."""

    id: int
    reference: str
    offering_id: int
    starts_at: datetime

    def as_outcome(self) -> Outcome:
        return {
            "booking_id": self.id,
            "reference": self.reference,
            "offering_id": self.offering_id,
            "starts_at": self.starts_at.isoformat(),
        }

    @classmethod
    def from_outcome(cls, outcome: dict[str, Any]) -> "Booked":
        return cls(
            id=outcome["booking_id"],
            reference=outcome["reference"],
            offering_id=outcome["offering_id"],
            starts_at=datetime.fromisoformat(outcome["starts_at"]),
        )
