"""What a screen may answer with.

Reply
├── Menu    text and numbered options; may also take something typed
├── Ask     a question with a free answer
├── End     the last words of the call
├── Go      another screen in place of this one
└── Again   the answer will not do: the screen that asked is shown once more, with why
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ScreenFunction = Callable[..., "Reply"]


class Target(NamedTuple):
    """A screen and its arguments: what an option leads to. Arguments are JSON values."""

    screen: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    """Empty: the number is understood, but not shown."""
    target: Target
    key: str
    """The number to answer; empty takes the next free one."""


@dataclass(frozen=True, slots=True)
class Menu:
    text: str
    options: Sequence[Option]
    typed: Target | None = None
    """Takes an answer that is no choice (letters, or a number of three digits and more), as its argument `typed`."""
    unfinished: str = ""
    """What the caller is in the middle of, such as "Lost ID, GPO": a dropped call offers to continue it."""


@dataclass(frozen=True, slots=True)
class Ask:
    text: str
    then: Target
    """Takes the answer as its argument `answer`."""
    options: Sequence[Option] = field(default=())
    """Answers that are no answer, such as "1 I do not know it"."""
    unfinished: str = ""


@dataclass(frozen=True, slots=True)
class End:
    text: str


@dataclass(frozen=True, slots=True)
class Go:
    target: Target
    notice: str = ""
    """Shown above the other screen."""


@dataclass(frozen=True, slots=True)
class Again:
    notice: str
    """Why, and what would do."""


Reply = Menu | Ask | End | Go | Again


def target(screen: ScreenFunction, /, **args: Any) -> Target:
    """The screen with these arguments. Give the function itself, so that a wrong name is seen at once."""
    return Target(screen_name(screen), args)


def option(label: str, screen: ScreenFunction, /, *, key: str = "", **args: Any) -> Option:
    return Option(label, Target(screen_name(screen), args), key)


def go(screen: ScreenFunction, /, *, notice: str = "", **args: Any) -> Go:
    return Go(Target(screen_name(screen), args), notice)


def screen_name(screen: ScreenFunction) -> str:
    """`menus.book.choose_time` → `book.choose_time`."""
    return f"{screen.__module__.rpartition('.')[2]}.{screen.__name__}"
