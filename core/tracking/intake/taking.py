"""Taking in documents from agencies and centres, some hundreds of rows at a time.

A row is idempotent: given again, in the same file or in another, it changes
nothing and says so. A document is known by its tracking number; without one, by
its owner's identity and the service. Locks are taken in one order, people then
documents, each by id, so that two files with the same documents wait for each
other and not in a circle.
"""

from collections.abc import Sequence

from core.db import Session
from core.errors import Malformed
from core.people.register import Register
from core.tracking.files import Row
from core.tracking.intake.names import Finder
from core.tracking.intake.outcomes import Delivery, Outcome, Result
from core.tracking.intake.round import Round
from core.tracking.intake.rows import STAGES, Wish, read_wish
from core.wording import gettext as _

MOST_ROWS = 1000
"""In one call."""


def take_rows(db: Session, register: Register, rows: Sequence[Row], delivery: Delivery) -> list[Outcome]:
    """Take in up to MOST_ROWS rows, in the caller's transaction. Returns an outcome for each, in their order.

    Notices of what was received are written in this very transaction; the
    lanes to wake after the commit are in `db.info["lanes"]`.

    Raises:
        ValueError: too many rows, or a stage that a file cannot give.
    """
    if len(rows) > MOST_ROWS or delivery.stage not in STAGES:
        raise ValueError(f"at most {MOST_ROWS} rows, of a stage that a file can give")
    outcomes: dict[int, Outcome] = {}
    wishes: dict[int, Wish] = {}
    first: dict[Wish, int] = {}
    repeated: dict[int, int] = {}
    finder = Finder(delivery.catalogue)
    for place, row in enumerate(rows):
        try:
            wish = read_wish(row, finder, stage=delivery.stage, centre=delivery.centre, now=delivery.now)
        except Malformed as error:
            outcomes[place] = Outcome(row, Result.REFUSED, str(error))
            continue
        if first.setdefault(wish, place) == place:
            wishes[place] = wish
        else:
            repeated[place] = first[wish]
    while wishes:
        wishes = Round(db, register, delivery).take(wishes, rows, outcomes)
    for place, earlier in repeated.items():
        outcomes[place] = _repeated(rows[place], outcomes[earlier])
    return [outcomes[place] for place in range(len(rows))]


def _repeated(row: Row, earlier: Outcome) -> Outcome:
    if earlier.result is Result.REFUSED:
        return Outcome(row, Result.REFUSED, earlier.reason)
    return Outcome(
        row, Result.UNCHANGED, _("The same as line {line}.").format(line=earlier.row.line), earlier.document_id
    )
