"""A page that keeps itself up to date: with `live` in its address it asks for itself again, so many times."""

from flask import Response, request

from web.pages.reading import asked_number, url_with

SECONDS = 5
TIMES = 120
"""Ten minutes, and it stops: nobody may be in front of it."""


def times_left() -> int:
    """How often it will ask for itself; 0: it stays as it is."""
    return min(asked_number("live") or 0, TIMES)


def answer(page: str, *, moving: bool) -> Response:
    """The page, asking for itself again while what it shows is `moving`."""
    response = Response(page)
    if moving and times_left():
        again = url_with(request.full_path, live=str(times_left() - 1))
        response.headers["Refresh"] = f"{SECONDS}; url={again}"
    return response
