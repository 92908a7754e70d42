"""What is answered when something cannot be: a page for a person, plain text for a gateway, a problem for an agency.

Whatever went wrong, nothing was changed: the transaction was undone. The pages
say so, and what to do.
"""

from collections.abc import Callable

from flask import Flask, Response, json, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException

from core.db import DatabaseDown
from core.wording import gettext as _
from web import logs
from web.pages import limits
from web.pages.frame import API, is_desk, is_page, problem

AGAIN_SECONDS = 30
"""After which a browser or a client may ask again for what the database could not answer."""


def refuse(app: Flask, *, dial: str, most_body: int) -> None:
    """Answer all that goes wrong in an application.

    Args:
        dial: the code that does the same without a browser.
        most_body: bytes that a callback may have.
    """
    plain = _plain_sentences(most_body)

    def refused(error: HTTPException) -> Response:
        status = error.code or 500
        return _answer(status, plain.get(status, error.description or "The request cannot be answered."), dial)

    def too_often(error: RateLimitExceeded) -> Response:
        seconds = limits.seconds_left()
        response = _answer(429, "Too many requests. Try again later.", dial, seconds=seconds)
        if seconds is not None:
            response.headers["Retry-After"] = str(seconds)
        return response

    def database_down(error: Exception) -> Response:
        logs.logger("web").error("the database did not answer", error=type(error).__name__)
        response = _answer(503, "The database does not answer. Try again in a minute.", dial)
        response.headers["Retry-After"] = str(AGAIN_SECONDS)
        return response

    def failed(error: Exception) -> Response:
        logs.logger("web").exception("request failed", error=type(error).__name__)
        return _answer(500, "Something failed here. The operator has been told.", dial)

    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(RateLimitExceeded, too_often)
    for kind in DatabaseDown:
        app.register_error_handler(kind, database_down)
    app.register_error_handler(Exception, failed)


def _plain_sentences(most_body: int) -> dict[int, str]:
    return {404: "There is nothing here.", 413: f"The body is longer than {most_body} bytes."}


def _answer(status: int, plain: str, dial: str, *, seconds: int | None = None) -> Response:
    if request.path.startswith(API):
        body = json.dumps({"type": "about:blank", "title": plain.partition(".")[0], "status": status, "detail": plain})
        return Response(body, status, content_type="application/problem+json")
    if not is_page(request.path):
        return Response(plain, status, content_type="text/plain; charset=utf-8")
    heading, *sentences = _SAID.get(status, _failure)(dial, seconds)
    return problem(status, heading, *sentences)


def _forbidden(dial: str, seconds: int | None) -> tuple[str, ...]:
    return _("You cannot open this page"), _("Your role does not include this page. Ask your manager.")


def _missing(dial: str, seconds: int | None) -> tuple[str, ...]:
    return _("Page not found"), _("If you typed the address, check it. Nothing was changed.")


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
    413: _too_big,
    429: _too_often,
    503: _away,
}
