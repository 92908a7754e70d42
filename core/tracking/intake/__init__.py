"""Taking in documents from agencies and centres, some hundreds of rows at a time: `take_rows` is the way in."""

from core.tracking.intake.outcomes import UNBOUNDED, Bounds, Delivery, Outcome, Result
from core.tracking.intake.rows import STAGES
from core.tracking.intake.taking import MOST_ROWS, take_rows

__all__ = ["MOST_ROWS", "STAGES", "UNBOUNDED", "Bounds", "Delivery", "Outcome", "Result", "take_rows"]
