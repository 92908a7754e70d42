"""Where calls stand while Valkey does not answer: in `requests`, sealed, a row for every hop.

A row is written in the transaction of its hop and never changed. It is found by
session and answers: so the next hop is answered on the screen that was shown,
and a copy of a hop gets the reply that the first one got.
"""

import base64
from datetime import datetime

import sqlalchemy as sa

from core.db import Session
from core.idempotency import PASSING, Outcome, Request, once
from core.people.sealing import Sealer, Unsealable
from ussd.dialogue import Dialogue
from ussd.hop import Hop
from ussd.turn import request_key

MOST_NEW = 91
"""Answers that one hop can add: as many as stars can part in the longest that a network lets through."""


def keep(db: Session, sealer: Sealer, hop: Hop, dialogue: Dialogue, now: datetime) -> Dialogue:
    """Keep where the call stands. Of two copies of a hop, both get what the first one kept."""

    def work() -> Outcome:
        return {"sealed": base64.b64encode(sealer.seal(dialogue.dumps())).decode()}

    return _open(sealer, once(db, _key(sealer, hop, len(hop.answers)), work, now=now)) or dialogue


def find(db: Session, sealer: Sealer, hop: Hop) -> Dialogue | None:
    """The furthest that this session is known to have come on the way to these answers."""
    length = len(hop.answers)
    lengths = range(length, max(-1, length - MOST_NEW - 1), -1)
    keys = [_key(sealer, hop, answered) for answered in lengths]
    rows = db.execute(sa.select(Request.key, Request.outcome).where(Request.key.in_(keys)))
    kept = {key: outcome for key, outcome in rows if outcome}
    return next((_open(sealer, kept[key]) for key in keys if key in kept), None)


def _key(sealer: Sealer, hop: Hop, answered: int) -> str:
    return PASSING + request_key(sealer, "stand", hop, hop.answers[:answered])


def _open(sealer: Sealer, outcome: Outcome) -> Dialogue | None:
    try:
        return Dialogue.loads(sealer.open(base64.b64decode(outcome["sealed"])))
    except (Unsealable, ValueError, KeyError, TypeError):
        return None
