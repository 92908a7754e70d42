"""What is free, for the screens."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.booking import free
from core.catalogue.snapshot import Offering
from ussd.turn import Turn


def known(turn: Turn, offerings: Sequence[Offering]) -> dict[str, Any]:
    """What availability is computed from, beside the offering itself."""
    return free.known(turn.db, turn.catalogue, offerings, now=turn.now)


def first_days(turn: Turn, offerings: Sequence[Offering]) -> dict[int, date | None]:
    """The first free day of each offering, by its id; None is full."""
    return free.first_days(turn.db, turn.catalogue, offerings, now=turn.now)


def earlier_elsewhere(turn: Turn, full: Offering, than: date | None) -> list[tuple[Offering, date]]:
    """The nearest centre with an earlier day, and the one that is free first of all."""
    return free.earlier_elsewhere(turn.db, turn.catalogue, full, than, now=turn.now)
