"""Cursors: where a page ended, as text that nobody is to read or to make."""

import base64
import json
from datetime import datetime

from web.api.problems import Problem

Place = tuple[datetime, int]
"""The time and the id of the last row."""


def cursor_of(place: Place) -> str:
    moment, row_id = place
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), row_id]).encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> Place | None:
    """Raises:
    Problem: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        moment, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = datetime.fromisoformat(moment), int(row_id)
        if place[0].tzinfo is None or not 2000 <= place[0].year < 3000 or not 0 <= place[1] < 2**63:
            raise ValueError("not ours")
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Problem("invalid", "Give a cursor as you got it in `next`.", pointer="?cursor") from error
    return place
