"""Who a place is for, and how many places a phone may have."""

from dataclasses import dataclass

MAX_LIVE_A_PHONE = 6
MAX_UNIDENTIFIED_A_PHONE = 4
"""Of one service: a mother books for her children. Without a limit one phone could take every place."""


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """The person served: known by an identity (a row of `people`), or not."""

    person_id: int | None = None
