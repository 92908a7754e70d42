"""Where a document is, and what comes next, in a sentence each: the same on a phone's screen and in an SMS."""

from core.tracking.corrections import to_do
from core.tracking.stages import Stage
from core.wording import gettext as _


def stage_line(stage: Stage, site: str, since: str) -> str:
    """`received`, GPO, 3 Nov → READY at GPO since 3 Nov."""
    ready = _("READY at {site} since {day}.")
    said = {
        Stage.APPLIED: _("applied for at {site} on {day}."),
        Stage.SENT_TO_AGENCY: _("sent from {site} to the agency on {day}."),
        Stage.IN_PROCESS: _("being made since {day}. You collect it at {site}."),
        Stage.NEEDS_CORRECTION: _("NEEDS CORRECTION at {site} since {day}."),
        Stage.REJECTED: _("rejected on {day}. Centre: {site}."),
        Stage.SENT_TO_CENTRE: _("on its way to {site} since {day}."),
        Stage.RECEIVED: ready,
        Stage.NOTIFIED: ready,
        Stage.REMINDED: ready,
        Stage.COLLECTED: _("collected at {site} on {day}."),
        Stage.TRANSFERRED: _("moving to {site} since {day}."),
        Stage.RETURNED: _("returned to the agency from {site} on {day}."),
        Stage.DESTROYED: _("destroyed on {day}, not collected. Centre: {site}."),
    }[stage]
    return said.format(site=site, day=since)


def next_line(stage: Stage, correction: str | None) -> str:
    """What happens next, or what its owner must do; the stage's line has named the centre."""
    if stage is Stage.NEEDS_CORRECTION and correction is not None:
        return to_do(correction, _("the centre"))
    ready = _("Ask at the centre what to bring.")
    return {
        Stage.APPLIED: _("Next: it goes to the agency."),
        Stage.SENT_TO_AGENCY: _("Next: the agency works on it."),
        Stage.IN_PROCESS: _("Next: it is sent to the centre."),
        Stage.NEEDS_CORRECTION: _("Go to the centre to correct it. It waits for you."),
        Stage.REJECTED: _("Ask at the centre why, and what you can do."),
        Stage.SENT_TO_CENTRE: _("Next: the centre receives it."),
        Stage.RECEIVED: ready,
        Stage.NOTIFIED: ready,
        Stage.REMINDED: ready,
        Stage.COLLECTED: _("If it was not you, tell the centre at once."),
        Stage.TRANSFERRED: _("Next: the new centre receives it."),
        Stage.RETURNED: _("Ask at the centre how to have it sent again."),
        Stage.DESTROYED: _("Ask at the centre how to apply again."),
    }[stage]
