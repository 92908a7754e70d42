"""Where a call stands: what was shown, how it got there, and what it answered last. Stored between hops."""

import json
from dataclasses import dataclass, field
from typing import Any

from ussd.replies import Target


@dataclass(slots=True)
class Shown:
    """What the person saw. An answer means what it meant on this screen, whatever a rebuilt list would now say."""

    title: str
    lines: list[str]
    keys: dict[str, Target]
    """By the number to answer."""
    visible: list[str]
    """The numbers that were shown, for telling what is valid."""
    typed: Target | None
    """Takes what is not a number (a menu), or any answer (a question)."""
    question: bool
    back: bool
    page: int = 0
    cut: bool = False
    """Whether a notice took the room of some of the page."""


@dataclass(slots=True)
class Dialogue:
    language: str
    stack: list[Target] = field(default_factory=list)
    """Screens from home to the one shown."""
    shown: Shown | None = None
    wrong: int = 0
    """Answers in a row that would not do."""
    in_journey: bool = False
    """Whether this call began or took up something that a dropped call would offer to continue."""
    answers: tuple[str, ...] = ()
    """Consumed so far: the gateway's text up to this reply."""
    reply: str = ""
    """The last reply, given again to a replay."""
    turn: int = 0
    """Counted up by every save: the loser of two simultaneous hops is told so by this."""

    def dumps(self) -> bytes:
        return _dumps(self)

    @classmethod
    def loads(cls, data: bytes) -> "Dialogue":
        """Raises:
        ValueError, KeyError, TypeError: written by another version of Zamu.
        """
        raw: dict[str, Any] = json.loads(data)
        shown = raw.pop("shown")
        return cls(
            language=raw["language"],
            stack=[Target(*frame) for frame in raw["stack"]],
            shown=_shown(shown) if shown else None,
            wrong=raw["wrong"],
            in_journey=raw["in_journey"],
            answers=tuple(raw["answers"]),
            reply=raw["reply"],
            turn=raw["turn"],
        )


@dataclass(slots=True)
class Journey:
    """Something a caller was in the middle of, kept by phone across calls."""

    language: str
    stack: list[Target]
    about: str

    def dumps(self) -> bytes:
        return _dumps(self)

    @classmethod
    def loads(cls, data: bytes) -> "Journey":
        raw = json.loads(data)
        return cls(raw["language"], [Target(*frame) for frame in raw["stack"]], raw["about"])


def _dumps(thing: Dialogue | Journey) -> bytes:
    """One level at a time: `dataclasses.asdict` copies every list deeply, and this runs at every hop."""
    return json.dumps(_fields(thing), default=_fields, separators=(",", ":"), ensure_ascii=False).encode()


def _fields(thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__slots__}


def _shown(raw: dict[str, Any]) -> Shown:
    raw["keys"] = {key: Target(*where) for key, where in raw["keys"].items()}
    raw["typed"] = Target(*raw["typed"]) if raw["typed"] else None
    return Shown(**raw)
