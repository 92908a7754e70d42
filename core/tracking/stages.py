"""The journey of a document, and which step may follow which."""

from enum import StrEnum

from core.tracking.errors import DocumentRefused
from core.wording import N_
from core.wording import gettext as _


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


SAID: dict[Stage, str] = {
    Stage.APPLIED: N_("applied for"),
    Stage.SENT_TO_AGENCY: N_("sent to the agency"),
    Stage.IN_PROCESS: N_("in process"),
    Stage.NEEDS_CORRECTION: N_("held for a correction"),
    Stage.REJECTED: N_("rejected"),
    Stage.SENT_TO_CENTRE: N_("sent to the centre"),
    Stage.RECEIVED: N_("received at the centre"),
    Stage.NOTIFIED: N_("announced to its owner"),
    Stage.REMINDED: N_("announced again to its owner"),
    Stage.COLLECTED: N_("collected"),
    Stage.TRANSFERRED: N_("sent to another centre"),
    Stage.RETURNED: N_("returned to the agency"),
    Stage.DESTROYED: N_("destroyed"),
}
"""What has become of a document, in a clerk's words."""


class IllegalMove(DocumentRefused):
    """A document cannot go from its stage to this one; the message is a sentence for a clerk."""

    def __init__(self, current: Stage, following: Stage) -> None:
        said = _("This document is {stage}; it cannot be {next}.")
        super().__init__(said.format(stage=_(SAID[current]), next=_(SAID[following])))
        self.current = current
        self.following = following


READY = frozenset({Stage.RECEIVED, Stage.NOTIFIED, Stage.REMINDED})
AWAITED = frozenset({Stage.APPLIED, Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.SENT_TO_CENTRE})
"""It is for the agency to bring it: in these stages a promise can be broken."""

_FROM_READY = frozenset({Stage.REMINDED, Stage.COLLECTED, Stage.TRANSFERRED, Stage.RETURNED, Stage.DESTROYED})
_AT_THE_AGENCY = frozenset({Stage.IN_PROCESS, Stage.NEEDS_CORRECTION, Stage.REJECTED, Stage.SENT_TO_CENTRE})
_IN_THE_CLERKS_HAND = frozenset({Stage.RECEIVED})
"""A centre acknowledges what lies before it, also where the agency never said that it was sent."""

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.APPLIED: _AT_THE_AGENCY | _IN_THE_CLERKS_HAND | {Stage.SENT_TO_AGENCY},
    Stage.SENT_TO_AGENCY: _AT_THE_AGENCY | _IN_THE_CLERKS_HAND,
    Stage.IN_PROCESS: _AT_THE_AGENCY - {Stage.IN_PROCESS} | _IN_THE_CLERKS_HAND,
    Stage.NEEDS_CORRECTION: frozenset({Stage.SENT_TO_AGENCY, Stage.IN_PROCESS, Stage.REJECTED}),
    Stage.REJECTED: frozenset(),
    Stage.SENT_TO_CENTRE: _IN_THE_CLERKS_HAND,
    Stage.RECEIVED: _FROM_READY | {Stage.NOTIFIED},
    Stage.NOTIFIED: _FROM_READY,
    Stage.REMINDED: _FROM_READY,
    Stage.COLLECTED: frozenset(),
    Stage.TRANSFERRED: _IN_THE_CLERKS_HAND,
    Stage.RETURNED: frozenset({Stage.SENT_TO_CENTRE, Stage.DESTROYED}),
    Stage.DESTROYED: frozenset(),
}
"""Agencies report in batches and leave steps out: on the way to the centre a step may be skipped, none goes back."""


def check_move(current: Stage, following: Stage) -> None:
    """Raises:
    IllegalMove: the journey has no such step.
    """
    if following not in MOVES[current]:
        raise IllegalMove(current, following)
