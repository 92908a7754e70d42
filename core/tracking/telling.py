"""What a citizen is told of a document, wherever they ask: on a phone's screen and on a page alike."""

from datetime import datetime

from core.catalogue import telling
from core.catalogue.snapshot import Catalogue, Names
from core.clock import local_date
from core.tracking import promises
from core.tracking.sentences import next_line, stage_line
from core.tracking.showing import since
from core.tracking.stages import AWAITED, READY, Stage
from core.tracking.tables import Document
from core.wording import dates
from core.wording import gettext as _

COLLECTING = "COL"
"""The service by which a ready document is collected: its requirements say what to bring."""


def stage_said(document: Document, site: Names) -> str:
    """Where it is, and since when: one sentence."""
    return stage_line(Stage(document.stage), site.spoken, dates.month_day(local_date(since(document))))


def then_said(catalogue: Catalogue, document: Document, *, now: datetime) -> list[str]:
    """What is promised, what happens next or what to bring: a sentence each, the same for whoever asks."""
    if is_ready(document):
        return [bring_said(catalogue)]
    return [*promise_said(document, now=now), next_line(Stage(document.stage), document.correction)]


def is_ready(document: Document) -> bool:
    return Stage(document.stage) in READY


def bring_said(catalogue: Catalogue) -> str:
    """What to bring when collecting."""
    needed = telling.bring_list(catalogue.services[COLLECTING])
    return _("Bring: {list}").format(list=", ".join(needed)) if needed else _("Ask at the centre what to bring.")


def promise_said(document: Document, *, now: datetime) -> list[str]:
    """The day by which it was promised, and whether that is over; nothing where none was."""
    if document.promised_on is None or document.stage not in AWAITED:
        return []
    late = promises.is_late(document, now)
    said = _("Promised by {day}: it is late.") if late else _("Promised by {day}.")
    return [said.format(day=dates.month_day(document.promised_on))]
