"""What surrounds every page: headers, language, the static files, and what is said when nothing can be shown."""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, render_template, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_compress import Compress
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from core import wording
from core.settings import Settings
from core.wording import gettext as _
from web.pages.look import STATIC, assets
from web.pages.reading import NONSENSE, PageRequest, use_numbers

A_YEAR = 31_536_000
API = "/api/"
FILES = "/static/"
DESK = "/desk"
A_MINUTE = 60


class _Sessions(SecureCookieSessionInterface):
    """A static file has nobody's: one that varied by cookie would come over the line again whenever somebody's changes,
    and one that set a cookie might be kept for others by what lies between.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not request.path.startswith(FILES):
            super().save_session(app, session, response)


def frame(app: Flask, settings: Settings) -> None:
    """Set an application up for pages."""
    app.request_class = PageRequest
    app.session_interface = _Sessions()
    key = hmac.digest(hashlib.sha256(settings.secret_key.encode()).digest(), b"page-sessions", "sha256")
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-zamu" if secure else "zamu",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=4 * 3600,
        WTF_I18N_ENABLED=False,
        COMPRESS_MIMETYPES=["text/html", "application/json", "application/problem+json"],
        COMPRESS_ALGORITHM=["gzip"],
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    Compress(app)
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(STATIC.parent / "templates"),
            FileSystemLoader(STATIC.parents[1] / "portal" / "templates"),
            FileSystemLoader(STATIC.parents[1] / "desk" / "templates"),
            PrefixLoader(
                {
                    "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                    "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf"),
                }
            ),
        ]
    )
    WTFormsHelpers(app)
    app.jinja_env.globals.update(
        _=_,
        language=wording.language,
        asset=lambda name: f"/static/{assets()[name].name}",
        csp_nonce=csp_nonce,
        here=_here,
        page_above=page_above,
        practice=lambda: settings.practice,
        dial=lambda: settings.ussd_codes[0].code,
    )
    use_numbers(app)
    app.before_request(_speak)
    app.teardown_request(_fall_silent)
    app.before_request(_refuse_nonsense)
    app.after_request(_headers)
    app.register_blueprint(_pages())


def is_page(path: str) -> bool:
    """Whether a person looks at what is answered here."""
    return not path.startswith(API)


def is_desk(path: str) -> bool:
    """Whether it is staff who look."""
    return path == DESK or path.startswith(f"{DESK}/")


def page_above() -> str | None:
    """Where the form stands that was sent to an address at which nothing can be looked at: the nearest page above it.

    None if this address is a page.
    """
    addresses, path = current_app.create_url_adapter(request), request.path
    while path != "/" and addresses is not None and not addresses.test(path, method="GET"):
        path = path.rpartition("/")[0] or "/"
    if path == request.path:
        return None
    return f"{path}?{request.query_string.decode()}".rstrip("?")


def kept_a_minute(page: str) -> Response:
    """A page that tells everybody the same, for its reader's own browser to keep: going back on 2G costs nothing.

    Never one with a form that changes something: its token is for one person.
    """
    response = Response(page)
    response.headers["Cache-Control"] = f"private, max-age={A_MINUTE}"
    response.vary.update(("Cookie", "Accept-Language"))
    return response


def csp_nonce() -> str:
    """Random, for the scripts of one answer."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def problem(status: int, heading: str, *sentences: str) -> Response:
    """A page that says what is wrong, and leads on."""
    home = DESK if is_desk(request.path) else "/"
    return Response(render_template("problem.html", heading=heading, sentences=sentences, home=home), status)


def _speak() -> None:
    """In the language that was chosen; before anybody has, in the one that the browser asks for."""
    if is_page(request.path):
        wording.speak(session.get("language") or _asked_for())


def _refuse_nonsense() -> None:
    """No page has such an address. Of what is typed it is left out (PageRequest)."""
    if is_page(request.path):
        given = (request.path, *(part for pair in request.args.items(multi=True) for part in pair))
        if any(NONSENSE.search(part) for part in given):
            abort(404)


def _asked_for() -> str:
    """sw-KE, en → sw."""
    asked = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in asked if tag in wording.LANGUAGES), wording.DEFAULT)


def _fall_silent(error: BaseException | None) -> None:
    """The thread serves somebody else next, and not every door says which language it speaks."""
    wording.speak(wording.DEFAULT)


def _headers(response: BaseResponse) -> BaseResponse:
    if not is_page(request.path):
        return response
    script = f"'self' 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "'self'"
    policy = {
        "default-src": "'none'",
        "script-src": script,
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if not request.path.startswith(FILES):
        # A shared computer: what was on the page must not be there when the next person presses Back.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _here() -> str:
    """This page, to come back to."""
    return request.full_path.rstrip("?")


def _pages() -> Blueprint:
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/static/<name>")
    def static_file(name: str) -> Response:
        """A file whose name tells its content."""
        asset = next((asset for asset in assets().values() if asset.name == name), None)
        if asset is None:
            abort(404)
        zipped = "gzip" in request.headers.get("Accept-Encoding", "")
        response = Response(asset.compressed if zipped else asset.content, content_type=asset.type)
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        return response

    @blueprint.get("/language/<code>")
    def choose_language(code: str) -> BaseResponse:
        """Go on in another language, on the page one came from."""
        if code not in wording.LANGUAGES:
            abort(404)
        session["language"] = code
        try:
            back = urlsplit(request.args.get("back", "/"))
        except ValueError:
            return redirect("/")
        # Only a page of ours: never to another host, whatever the address says.
        safe = not (back.scheme or back.netloc) and back.path.startswith("/") and not back.path.startswith("//")
        return redirect(f"{back.path}?{back.query}" if safe and back.query else back.path if safe else "/")

    return blueprint
