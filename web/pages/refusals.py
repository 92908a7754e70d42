"""What is answered when something cannot be: a page for a person, a problem for an agency, plain text for a gateway.

Whatever went wrong, nothing was changed: the transaction was undone. The pages
say so, and what to do.
"""

from collections.abc import Callable

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from core.db import DatabaseDown
from core.wording import gettext as _
from web import logs
from web.api import problems
from web.pages import limits
from web.pages.frame import API, is_desk, problem

AGAIN_SECONDS = 30
"""After which a browser or a client may ask again for what the database could not answer."""


Answer = Callable[[int, str, int | None], Response]
"""A status, a sentence for programs, and the seconds to wait where they are known: what is answered."""


def refuse(app: Flask, *, dial: str) -> None:
    """Answer what goes wrong where people and agencies ask; `dial` is the code that does the same without a browser."""

    def answer(status: int, sentence: str, seconds: int | None) -> Response:
        if request.path.startswith(API):
            return problems.of_status(status, sentence)
        heading, *sentences = _SAID.get(status, _failure)(dial, seconds)
        return problem(status, heading, *sentences)

    def too_often(error: RateLimitExceeded) -> Response:
        seconds = limits.seconds_left()
        response = answer(429, "Too many requests. Try again later.", seconds)
        if seconds is not None:
            response.headers["Retry-After"] = str(seconds)
        return response

    _handle(app, answer)
    app.register_error_handler(RateLimitExceeded, too_often)


def refuse_plainly(doors: Flask) -> None:
    """Answer what goes wrong where gateways and operators ask."""

    def answer(status: int, sentence: str, seconds: int | None) -> Response:
        return Response(sentence, status, content_type="text/plain; charset=utf-8")

    _handle(doors, answer)


def _handle(app: Flask, answer: Answer) -> None:
    def refused(error: HTTPException) -> Response:
        status = error.code or 500
        plain = {404: "There is nothing here.", 413: f"The body is longer than {request.max_content_length} bytes."}
        return answer(status, plain.get(status, error.description or "The request cannot be answered."), None)

    def database_down(error: Exception) -> Response:
        logs.logger("web").error("the database did not answer", error=type(error).__name__)
        response = answer(503, "The database does not answer. Try again in a minute.", None)
        response.headers["Retry-After"] = str(AGAIN_SECONDS)
        return response

    def failed(error: Exception) -> Response:
        logs.logger("web").exception("request failed", error=type(error).__name__)
        return answer(500, "Something failed here. The operator has been told.", None)

    app.register_error_handler(HTTPException, refused)
    for kind in DatabaseDown:
        app.register_error_handler(kind, database_down)
    app.register_error_handler(Exception, failed)


def _forbidden(dial: str, seconds: int | None) -> tuple[str, ...]:
    return _("You cannot open this page"), _(
        "Your role does not include this page. Whoever made your account can change that."
    )


def _missing(dial: str, seconds: int | None) -> tuple[str, ...]:
    return _("Page not found"), _("If you typed the address, check it. Nothing was changed.")


def _nothing_here(dial: str, seconds: int | None) -> tuple[str, ...]:
    """What a button sends to has no page: whoever opens it again, after signing in or from the history, comes here."""
    back = _("Go to the page where you pressed the button, and see there whether it was done.")
    return _("There is no page at this address"), back


def _too_big(dial: str, seconds: int | None) -> tuple[str, ...]:
    return (
        _("That is too big"),
        _("The file is bigger than can be taken here. Nothing was changed."),
        _("Split it into smaller files, and send them one by one."),
    )


def _too_often(dial: str, seconds: int | None) -> tuple[str, ...]:
    nothing = _("Nothing was changed.")
    if seconds is None:
        return _("Too many tries"), _("Wait a little, then try again."), nothing
    if seconds <= 60:
        return _("Too many tries"), _("Try again in a minute."), nothing
    minutes = -(-seconds // 60)
    return _("Too many tries"), _("Try again in {minutes} minutes.").format(minutes=minutes), nothing


def _away(dial: str, seconds: int | None) -> tuple[str, ...]:
    said = _("Sorry, Zamu cannot answer now"), _("Nothing was changed. Try again in a minute.")
    return said if is_desk(request.path) else (*said, _("Or dial {code} on any phone.").format(code=dial))


def _failure(dial: str, seconds: int | None) -> tuple[str, ...]:
    return _("Sorry, that did not work"), _("Nothing was changed. Try again in a minute.")


_SAID: dict[int, Callable[[str, int | None], tuple[str, ...]]] = {
    403: _forbidden,
    404: _missing,
    405: _nothing_here,
    413: _too_big,
    429: _too_often,
    503: _away,
}
