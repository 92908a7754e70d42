"""The register of screens. A screen is a plain function: a Turn and its arguments in, a Reply out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ussd.replies import Reply, ScreenFunction, Target, screen_name
from ussd.turn import Turn

Leave = Callable[[Turn, dict[str, Any]], None]
"""Called with a screen's arguments when the caller leaves it for good: it gives back what the screen held."""


@dataclass(frozen=True, slots=True)
class Screen:
    name: str
    function: ScreenFunction
    leave: Leave | None
    resume: ScreenFunction | None
    """Stands in for this screen when a dropped call is continued: it makes sure again of what was held, and goes on.

    It takes the screen's own arguments, and as `screen` the name of the one to go on with.
    """


SCREENS: dict[str, Screen] = {}


def screen(
    *, leave: Leave | None = None, resume: ScreenFunction | None = None
) -> Callable[[ScreenFunction], ScreenFunction]:
    """Register a function as a screen, under `module.function`."""

    def register(function: ScreenFunction) -> ScreenFunction:
        name = screen_name(function)
        if name in SCREENS:
            raise ValueError(f"two screens are called {name}")
        SCREENS[name] = Screen(name, function, leave, resume)
        return function

    return register


def run(turn: Turn, where: Target) -> Reply:
    return SCREENS[where.screen].function(turn, **where.args)
