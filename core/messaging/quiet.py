"""Quiet hours: no phone rings in the evening or at night for what can wait. Times are Nairobi's."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from core.clock import at_local, local, local_date
from core.messaging.tables import Lane

RESTS: Mapping[Lane, tuple[time, time]] = {
    Lane.NOTICE: (time(20), time(7)),
    Lane.BULK: (time(18), time(8)),
}
"""From when in the evening to when in the morning. Interactive never rests: somebody is waiting.

Bulk keeps to Safaricom's hours for promotional SMS, 8:00 to 18:00 (support.uwaziimobile.com, "Promotional Messages").
"""
MORNING = time(7)
"""When the day begins for a lane that never rests."""


def rests(lane: Lane, now: datetime) -> bool:
    """Whether nothing of the lane is handed over now."""
    if lane not in RESTS:
        return False
    evening, morning = RESTS[lane]
    return not morning <= local(now).time() < evening


def wakes_at(lane: Lane, now: datetime) -> datetime:
    """When the lane next hands over: `now` if it does not rest."""
    if not rests(lane, now):
        return now
    _, morning = RESTS[lane]
    day = local_date(now)
    return at_local(day if local(now).time() < morning else day + timedelta(days=1), morning)


def next_morning(lane: Lane, now: datetime) -> datetime:
    """When the lane begins tomorrow."""
    _, morning = RESTS.get(lane, (None, MORNING))
    return at_local(local_date(now) + timedelta(days=1), morning)
