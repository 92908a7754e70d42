"""The life of a campaign, and which state may follow which."""

from core.campaigns.errors import NotNow
from core.campaigns.tables import Campaign, State
from core.wording import N_
from core.wording import gettext as _

_STOPPED = frozenset({State.PAUSED, State.CANCELLED})

MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SUBMITTED, State.APPROVED, State.CANCELLED}),
    State.SUBMITTED: frozenset({State.APPROVED, State.CANCELLED}),
    State.APPROVED: frozenset({State.TRYING}) | _STOPPED,
    State.TRYING: frozenset({State.LOOKING, State.DONE}) | _STOPPED,
    State.LOOKING: frozenset({State.RUNNING}) | _STOPPED,
    State.RUNNING: frozenset({State.DONE}) | _STOPPED,
    State.PAUSED: frozenset({State.APPROVED, State.TRYING, State.LOOKING, State.RUNNING, State.DONE, State.CANCELLED}),
    State.DONE: _STOPPED,
    State.CANCELLED: frozenset(),
}
"""DONE is when everybody has been written to: what has not left yet can still be stopped."""

WRITES = frozenset({State.APPROVED, State.TRYING, State.RUNNING})
"""In these states messages are written, once its hour has come."""
BEGUN = frozenset({State.TRYING, State.LOOKING, State.RUNNING, State.PAUSED, State.DONE})
"""Somebody may have been told by it."""

IN_WORDS = {
    State.DRAFT: N_("is a draft"),
    State.SUBMITTED: N_("waits for a second person to approve it"),
    State.APPROVED: N_("is approved"),
    State.TRYING: N_("is sending its first hundred"),
    State.LOOKING: N_("waits for somebody to look at how its first hundred went"),
    State.RUNNING: N_("is running"),
    State.PAUSED: N_("is paused"),
    State.CANCELLED: N_("is cancelled"),
    State.DONE: N_("has been written to everybody"),
}
"""What a campaign is doing, after "Campaign 7"."""


def where_it_stands(campaign: Campaign) -> str:
    """A sentence: Campaign 7 is running."""
    return _("Campaign {number} {state}.").format(number=campaign.id, state=_(IN_WORDS[State(campaign.state)]))


def move(campaign: Campaign, following: State) -> None:
    """Take a locked campaign to another state.

    Raises:
        NotNow: a campaign in this state cannot go there; the sentence says where it stands.
    """
    if following not in MOVES[State(campaign.state)]:
        raise NotNow(where_it_stands(campaign) + " " + _("This cannot be done now."))
    campaign.state = following
