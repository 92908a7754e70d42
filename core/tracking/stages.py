"""The journey of a document, and which step may follow which."""

from enum import StrEnum

from core.errors import ZamuError


class Stage(StrEnum):
    APPLIED = "applied"
    SENT_TO_AGENCY = "sent_to_agency"
    IN_PROCESS = "in_process"
    NEEDS_CORRECTION = "needs_correction"
    """It waits for its owner at the centre."""
    REJECTED = "rejected"
    SENT_TO_CENTRE = "sent_to_centre"
    RECEIVED = "received"
    """At the centre, ready to be collected."""
    NOTIFIED = "notified"
    """Ready, and the owner has been told."""
    REMINDED = "reminded"
    COLLECTED = "collected"
    TRANSFERRED = "transferred"
    """On its way from one centre to another."""
    RETURNED = "returned"
    """Not collected in time: back at the agency."""
    DESTROYED = "destroyed"


class IllegalMove(ZamuError):
    """A document cannot go from its stage to this one."""


READY = frozenset({Stage.RECEIVED, Stage.NOTIFIED, Stage.REMINDED})

_FROM_READY = frozenset({Stage.REMINDED, Stage.COLLECTED, Stage.TRANSFERRED, Stage.RETURNED})
_AT_THE_AGENCY = frozenset({Stage.IN_PROCESS, Stage.NEEDS_CORRECTION, Stage.REJECTED, Stage.SENT_TO_CENTRE})

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.APPLIED: _AT_THE_AGENCY | {Stage.SENT_TO_AGENCY},
    Stage.SENT_TO_AGENCY: _AT_THE_AGENCY,
    Stage.IN_PROCESS: _AT_THE_AGENCY - {Stage.IN_PROCESS},
    Stage.NEEDS_CORRECTION: frozenset({Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.REJECTED}),
    Stage.REJECTED: frozenset(),
    Stage.SENT_TO_CENTRE: frozenset({Stage.RECEIVED}),
    Stage.RECEIVED: _FROM_READY | {Stage.NOTIFIED},
    Stage.NOTIFIED: _FROM_READY,
    Stage.REMINDED: _FROM_READY,
    Stage.COLLECTED: frozenset(),
    Stage.TRANSFERRED: frozenset({Stage.RECEIVED}),
    Stage.RETURNED: frozenset({Stage.SENT_TO_CENTRE, Stage.DESTROYED}),
    Stage.DESTROYED: frozenset(),
}
"""Agencies report in batches and leave steps out: on the way to the centre a step may be skipped, none goes back."""


def check_move(current: Stage, following: Stage) -> None:
    """Raises:
    IllegalMove: the journey has no such step.
    """
    if following not in MOVES[current]:
        raise IllegalMove(f"a document cannot go from {current} to {following}")
