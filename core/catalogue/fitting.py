"""Whether a text fits where the catalogue puts it: on a phone's screen, in its alphabet, and unlike the others."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.gsm7 import is_gsm7, septets


class Fault(StrEnum):
    EMPTY = "empty"
    STRANGE = "strange"
    """A character outside the alphabet that every phone can show."""
    LONG = "long"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong with a text."""

    fault: Fault
    over: int = 0
    """Septets too many, of a text that is too long."""
    strange: str = ""
    """The characters that a plain phone cannot show."""


def faults(text: str, *, most: int | None = None, taken: Collection[str] = ()) -> Iterator[Found]:
    """What is wrong with a text of at most `most` septets that must be there and be none of the `taken`."""
    if not is_gsm7(text):
        yield Found(Fault.STRANGE, strange=" ".join(sorted({c for c in text if not is_gsm7(c)})))
    if not text:
        yield Found(Fault.EMPTY)
    over = (septets(text) or 0) - most if most is not None else 0
    if over > 0:
        yield Found(Fault.LONG, over=over)
    if text in taken:
        yield Found(Fault.TAKEN)
