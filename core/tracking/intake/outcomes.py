"""What a file or request says of all its rows, and what comes of each."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.catalogue.snapshot import Catalogue, Site
from core.people.audit import Actor
from core.tracking.files import Row
from core.tracking.stages import Stage


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whose documents a file may be about: whoever gives it sees no others. None is no bound."""

    agency_id: int | None = None
    """Only those of this agency's services."""
    site_id: int | None = None
    """Only those of this centre, and what comes in there."""
    receives: bool = True
    """Whether they may say that a centre has received it: an agency only knows that it has sent it."""


UNBOUNDED = Bounds()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What holds for all rows of a file or request."""

    catalogue: Catalogue
    source: str
    """Kept with every step of a document, such as file:42."""
    stage: Stage
    """Of rows that do not say it themselves; one of `rows.STAGES`."""
    actor: Actor
    now: datetime
    centre: Site | None = None
    """Of rows that do not say it themselves."""
    tell: bool = True
    """Whether owners are told that a document is ready; not where a campaign will tell them."""
    bounds: Bounds = UNBOUNDED


class Result(StrEnum):
    TAKEN = "taken"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one row."""

    row: Row
    result: Result
    reason: str = ""
    """A sentence for a clerk: why it was refused, or why it changed nothing."""
    document_id: int | None = None
    phone: str | None = None
    """What is wrong with the phone: no_phone or bad_phone where the document has none; other_phone where it has
    another than the row, which it keeps."""
