"""Why something could not be closed or changed.

ClosureRefused
├── CannotClose      no such span of time, or more counters than there are
├── NoSuchClosure    no closure of that number at this centre
└── CannotChange     no such capacity or hours
"""

from core.errors import ZamuError


class ClosureRefused(ZamuError):
    """Nothing was changed."""


class CannotClose(ClosureRefused):
    """`why` is order (its end is not after its start), past, long, or counters (there are not so many)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class NoSuchClosure(ClosureRefused):
    """No closure has this number, or it is another centre's."""


class CannotChange(ClosureRefused):
    """The change makes no sense; the message says which value."""
