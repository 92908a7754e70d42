"""What may be shown of a document, and to whom."""

from datetime import datetime, timedelta

from core.tracking.stages import READY
from core.tracking.tables import Document

CONFIRMED_FOR_DAYS = 180
"""Numbers are recycled: after this long a phone must prove itself again."""
CONFIRMED_FOR = timedelta(days=CONFIRMED_FOR_DAYS)


def is_of(document: Document, contact_id: int, now: datetime) -> bool:
    """Whether a phone is the owner's, as was shown lately."""
    confirmed = document.contact_confirmed_at
    return document.contact_id == contact_id and confirmed is not None and confirmed > now - CONFIRMED_FOR


def since(document: Document) -> datetime:
    """Since when it is as a citizen sees it: ready from its arrival, however often its owner has been told since."""
    if document.stage in READY and document.received_at is not None:
        return document.received_at
    return document.stage_since
