"""How long a sign-in lasts: half an hour of nothing, twelve hours at most. Kept in the session's own cookie."""

from datetime import datetime, timedelta

from flask import session

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH = timedelta(minutes=1)
"""How exactly it is known when somebody last did something: the cookie is not written at every page."""

SINCE, SEEN, WORN_OUT = "desk_since", "desk_seen", "desk_worn_out"
"""In the session: when they signed in, when they last did something (seconds since 1970), and that it was too long."""


def begin(now: datetime) -> None:
    """They have signed in just now."""
    session[SINCE] = session[SEEN] = int(now.timestamp())


def lasts(now: datetime) -> bool:
    """Whether the sign-in still holds; notes that it was used. One that does not is over, whatever the clock does."""
    moment, since, seen = int(now.timestamp()), session.get(SINCE, 0), session.get(SEEN, 0)
    if moment - seen > IDLE.total_seconds() or moment - since > LONGEST.total_seconds():
        session.pop("_user_id", None)
        session[WORN_OUT] = True
        return False
    if moment - seen >= TOUCH.total_seconds():
        session[SEEN] = moment
    return True


def worn_out() -> bool:
    """Whether the last sign-in ended by itself; told once."""
    return bool(session.pop(WORN_OUT, False))


def end() -> None:
    """Nothing of this officer stays in the browser but the language they chose."""
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
