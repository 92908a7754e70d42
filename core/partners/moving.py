"""What an agency says has become of documents: through the same intake as its files, so that it means the same.

An item is idempotent: said again, it changes nothing. Another agency's
document is not there for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.catalogue.snapshot import Catalogue
from core.db import Session
from core.partners.keys import Partner
from core.partners.reading import services_of
from core.people.audit import record_event
from core.people.register import Register
from core.tracking.errors import NoSuchDocument
from core.tracking.files import Row
from core.tracking.intake import Bounds, Delivery, Outcome, Result, take_rows
from core.tracking.stages import Stage

__all__ = ["Asked", "Done", "Result", "move_documents"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One document, and where it is now."""

    tracking_number: str
    stage: Stage
    site: str | None = None
    """Code of the site it is sent to, if not where it was to be collected."""
    correction: str | None = None
    """A `corrections.Correction`, where the stage is needs_correction."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    asked: Asked
    result: Result
    detail: str
    """A sentence: why it was refused, or why it changed nothing."""
    known: bool = True
    """False: there is no such document of the agency's."""


def move_documents(
    db: Session,
    register: Register,
    partner: Partner,
    asked: Sequence[Asked],
    *,
    catalogue: Catalogue,
    request_key: str,
    now: datetime,
) -> list[Done]:
    """Move up to intake.MOST_ROWS documents, each as far as it goes. Call it inside `once`. Done is in their order."""
    mine = {service.id for service in catalogue.services.values() if service.agency_id == partner.agency_id}
    services = services_of(db, [it.tracking_number for it in asked])
    # What is not the agency's does not even come in. The bounds hold also if it is another's by then.
    rows = {
        nth: _row(nth, it)
        for nth, it in enumerate(asked)
        if services.get(it.tracking_number) in mine and (it.site is None or it.site in catalogue.sites)
    }
    bounds = Bounds(agency_id=partner.agency_id, receives=False)
    delivery = Delivery(catalogue, f"request:{request_key}", Stage.IN_PROCESS, partner.actor, now, bounds=bounds)
    taken = dict(zip(rows, take_rows(db, register, list(rows.values()), delivery), strict=True))
    done = [_done(it, taken.get(nth), known=services.get(it.tracking_number) in mine) for nth, it in enumerate(asked)]
    counts = {str(result): sum(it.result is result for it in done) for result in Result}
    record_event(db, "documents.moved", f"agency:{partner.agency_id}", actor=partner.actor, now=now, **counts)
    return done


def _row(nth: int, asked: Asked) -> Row:
    """As a row of a file."""
    cells = {"tracking_number": asked.tracking_number, "stage": asked.stage.value}
    if asked.site is not None:
        cells["centre"] = asked.site
    if asked.stage is Stage.NEEDS_CORRECTION:
        cells["reason"] = asked.correction or "other"
    return Row(nth + 1, cells, ())


def _done(asked: Asked, outcome: Outcome | None, *, known: bool) -> Done:
    if not known:
        return Done(asked, Result.REFUSED, str(NoSuchDocument()), known=False)
    if outcome is None:
        return Done(asked, Result.REFUSED, f"There is no centre {asked.site}.")
    return Done(asked, outcome.result, outcome.reason)
