"""How long a sign-in lasts: half an hour of nothing, twelve hours at most. Kept in the session's own cookie."""

from collections.abc import Collection
from datetime import datetime, timedelta

from flask import session

from core.staff.signing_in import LONGEST
from web.pages.forms import CSRF

IDLE = timedelta(minutes=30)
TOUCH = timedelta(minutes=1)
"""How exactly it is known when somebody last did something: the cookie is not written at every page."""

SINCE, SEEN, WORN_OUT, WHOSE = "desk_since", "desk_seen", "desk_worn_out", "desk_whose"
"""In the session: when they signed in, when they last did something (seconds since 1970), that it was too long ago, and
whose it was then."""


def begin(now: datetime, *, who: str, ended: Collection[int]) -> None:
    """They have signed in just now. `who`: what names the officer, as `whose` does.

    `ended`: their sessions that are over, by when they began, which names this one.
    """
    moment = int(now.timestamp())
    while moment in ended:
        moment += 1
    session[SINCE] = session[SEEN] = moment
    if session.pop(WHOSE, None) != who:  # in a tab of whoever was here before stands a form: it is not theirs to send
        session.pop(CSRF, None)


def since() -> int:
    """When this session began (seconds since 1970): its name among those of an officer."""
    return int(session.get(SINCE, 0))


def lasts(now: datetime) -> bool:
    """Whether the sign-in still holds; notes that it was used. One that does not is over, whatever the clock does."""
    moment, seen = int(now.timestamp()), session.get(SEEN, 0)
    if moment - seen > IDLE.total_seconds() or moment - since() > LONGEST.total_seconds():
        session[WHOSE] = session.pop("_user_id", None)
        session[WORN_OUT] = True
        return False
    if moment - seen >= TOUCH.total_seconds():
        session[SEEN] = moment
    return True


def worn_out() -> bool:
    """Whether the last sign-in ended by itself; told once."""
    return bool(session.pop(WORN_OUT, False))


def whose() -> str | None:
    """What named the officer whose sign-in here wore out last, until somebody signs in."""
    return session.get(WHOSE)


def end() -> None:
    """Nothing of this officer stays in the browser but the language they chose."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
