"""What comes next with a campaign as it stands, in sentences: who has to do something, or what happens by itself."""

from datetime import datetime

from core.campaigns.tables import Campaign, Kind, State
from core.campaigns.writing import FIRST
from core.messaging import quiet
from core.messaging.tables import Lane
from core.wording import N_, dates
from core.wording import gettext as _

FIRST_HUNDRED = N_("After its first hundred it waits until somebody has looked at how they went.")


def submitting(recipients: int, *, approve_above: int) -> str:
    """What comes of submitting a draft that would tell so many."""
    if not recipients:
        return _("Nobody is told yet. As things are it would tell nobody, so it cannot be submitted.")
    if recipients <= approve_above:
        fixed = _(
            "Nobody is told yet. Submitting it fixes whom it tells: up to {most} people need nobody else's approval."
        )
    else:
        fixed = _(
            "Nobody is told yet. Submitting it fixes whom it tells: more than {most} need somebody else's approval."
        )
    return fixed.format(most=f"{approve_above:,}")


def approving(campaign: Campaign, *, own: bool, approve_above: int) -> str:
    """Who approves one that was submitted; `own`: whoever made it asks."""
    if own:
        said = _("You made this campaign, and it tells more than {most} people: somebody else must approve it.")
    else:
        said = _("It tells more than {most} people: somebody other than {who} must approve it.")
    return said.format(most=f"{approve_above:,}", who=campaign.created_by)


def beginning(campaign: Campaign, now: datetime) -> list[str]:
    """When one that is approved begins, or will once it is."""
    if campaign.starts_at is None:
        return [_("It begins when somebody has said when: until then nothing is sent.")]
    at = quiet.wakes_at(Lane.BULK, max(campaign.starts_at, now))
    if campaign.state != State.APPROVED:
        said = _("Once it is approved it begins by itself: {when}, or later.")
    elif at == now:
        said = _("It begins by itself within a minute.")
    else:
        said = _("It begins by itself: {when}.")
    return [said.format(when=dates.when(at)), *([_(FIRST_HUNDRED)] if campaign.recipients > FIRST else [])]


def going(campaign: Campaign, waiting: int, now: datetime) -> list[str]:
    """What becomes of one that has begun. `waiting`: so many of its messages have not left."""
    state = State(campaign.state)
    if state == State.LOOKING:
        return [_("Look at what became of them below. If all is well let it go on; if not, pause it or correct it.")]
    if state == State.PAUSED:
        return [_("Nothing more of it is sent until somebody resumes it.")]
    if state == State.CANCELLED:
        others = _("Whom it has not told another campaign can tell.")
        return [_("Nothing more of it is sent."), *([] if campaign.kind == Kind.CORRECTION else [others])]
    if state == State.DONE and not waiting:
        return [_("Nothing of it waits to be sent. The report says what became of it.")]
    rests = quiet.rests(Lane.BULK, now)
    again = _("It rests for the night, and goes on {when}.").format(when=dates.when(quiet.wakes_at(Lane.BULK, now)))
    if state == State.DONE:
        left = _("Still to leave: {count} SMS. Pausing or cancelling it stops them.").format(count=f"{waiting:,}")
    elif state == State.TRYING and campaign.recipients > FIRST:
        left = _(FIRST_HUNDRED)
    else:
        left = _("It goes on by itself to the last.")
    return [left, *([again] if rests else [])]
