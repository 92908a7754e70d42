"""Where a document is, in one sentence: the same on a phone's screen and in an SMS."""

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
