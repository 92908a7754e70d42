"""How long a campaign takes: so many SMS at the gateway's pace, resting in quiet hours."""

from datetime import datetime, time, timedelta

from core.clock import at_local, local_date
from core.messaging import quiet
from core.messaging.tables import Lane


def ends_at(segments: int, *, per_second: float, starts_at: datetime) -> datetime:
    """When the last of so many SMS has been handed over, if nothing else goes meanwhile and nobody stops it.

    Args:
        segments: of all its messages together.
        per_second: segments that the gateway takes.
    """
    left = timedelta(seconds=segments / per_second)
    at = quiet.wakes_at(Lane.BULK, starts_at)
    while True:
        evening = at_local(local_date(at), _evening())
        if at + left <= evening:
            return at + left
        left -= evening - at
        at = quiet.wakes_at(Lane.BULK, evening)


def _evening() -> time:
    return quiet.RESTS[Lane.BULK][0]
