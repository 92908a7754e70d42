"""Looking at every page with axe: which pages there are, what stands in their addresses, and whose session sees them.

Pages come from the map of the application, so that a new one cannot be
forgotten: it is visited as an anonymous citizen, or at the desk as somebody
whose role may see it. What it needs beyond that is said here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Page
from werkzeug.routing import Rule

from core.settings import Settings
from core.staff.roles import MAY, Can, Role
from tests.support import SECRET_KEY
from web.app import create_app
from web.pages.frame import is_page

RULES = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
OPTIONS: dict[str, Any] = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
WORDS_ALONE = OPTIONS | {"rules": {"color-contrast": {"enabled": False}}}
"""For the second language of a page: its colours have been looked at, which takes longer than all the rest."""
WIDTH = 320
"""The narrowest screen: nothing of the portal may stick out of it."""
DESK_WIDTH = 360
"""Of the phone that a manager walks about with: wide tables scroll by themselves, the page does not."""
LEAST = 44
"""How high, in pixels, what citizens touch is at least. A link in a sentence is as high as its line."""
TOUCHED = (
    "button, .govuk-button, select, input:not([type=radio], [type=checkbox], [type=hidden]), .govuk-back-link, "
    ".zamu-names > li > a, dt > a, dd > a, .govuk-button-group > a, .zamu-kinds summary, footer li > a, .zamu-header a"
)
UNTYPED = "[type=hidden], [type=radio], [type=checkbox], [type=file], [type=submit]"
"""Fields that nobody types into."""

NOT_LOOKED_AT: Mapping[str, str] = {
    "pages.static_file": "no page",
    "pages.choose_language": "goes back to where one came from",
    "home.too_big": "the page of an error: looked at among them",
    "citizens.of_booking": "goes on to the citizen",
    "catalogue.category": "goes on to its names",
    "sign_in.tf_select": "for who has several second factors, which nobody has",
}
"""Endpoints that answer GET and are not visited by themselves, each with its reason."""

ENDINGS = (".csv", ".pdf", ".svg", ".xlsx", ".txt", ".json")
"""Addresses of files, not of pages."""

PREFERRED = (Role.MANAGER, Role.SECRETARIAT, Role.COUNTER, Role.CLERK, Role.AGENT, Role.ADMINISTRATOR, Role.AUDITOR)
"""Who looks at a page of the desk, if they may: those who see most on it."""

# English that components bring along by themselves: on a page in Kiswahili it has been forgotten.
FORGOTTEN = (
    "There is a problem",
    "Error:",
    "Warning",
    "Previous",
    "Next page",
    "Show password",
    "Skip to main content",
)


def endpoints(app: Flask) -> dict[str, Rule]:
    """Every page that can be asked for by GET, by endpoint."""
    return {
        rule.endpoint: rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and is_page(rule.rule) and not rule.rule.endswith(ENDINGS)
    }


def reader(app: Flask, endpoint: str) -> Role | None:
    """Which member of staff looks at it; None: a citizen, or somebody who has not signed in."""
    needed: Can | None = getattr(app.view_functions[endpoint], "needs", None)
    if needed is None:
        return None
    return next(role for role in (*PREFERRED, *Role) if needed in MAY[role])


@dataclass
class World:
    """A running application with people and things in it, and what to put into addresses."""

    app: Flask
    address: str
    values: dict[str, Any] = field(default_factory=dict)
    """By the name of an argument, or by endpoint and argument: `services.service code`."""
    sessions: dict[str, str] = field(default_factory=dict)
    """Cookies: by endpoint, by role, or `anybody`."""
    queries: dict[str, str] = field(default_factory=dict)
    """What follows the ? of an endpoint's address."""

    def url(self, endpoint: str, rule: Rule) -> str:
        """Raises:
        KeyError: nobody has said what to put into an argument of its address.
        """
        values = {name: self.values.get(f"{endpoint} {name}", self.values.get(name)) for name in rule.arguments}
        unknown = [name for name, value in values.items() if value is None]
        if unknown:
            raise KeyError(f"{rule.rule}: say in tests/browser/inhabited.py what {', '.join(unknown)} is, or why not")
        with self.app.test_request_context():
            path = self.app.url_for(endpoint, **values)
        return self.address + path + self.queries.get(endpoint, "")

    def session(self, endpoint: str, language: str) -> str:
        """A session's cookie that sees the page, in a language."""
        role = reader(self.app, endpoint)
        kept = self.sessions.get(endpoint) or self.sessions[role.value if role else "anybody"]
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return str(serializer.dumps(serializer.loads(kept) | {"language": language}))


def visit(page: Page, world: World, url: str, session: str) -> int:
    """Open a page with a session. Returns the status."""
    page.context.add_cookies([{"name": "zamu", "value": session, "url": world.address}])
    answer = page.goto(url)
    assert answer is not None
    return answer.status


LOOK = (
    """async options => ({
    violations: (await axe.run(options)).violations.flatMap(
        wrong => wrong.nodes.map(node => `${wrong.id}: ${wrong.help}: ${node.html.slice(0, 160)}`)),
    headings: document.querySelectorAll("h1").length,
    language: document.documentElement.lang,
    words: document.body.innerText,
    width: document.documentElement.scrollWidth,
    filled: [...document.querySelectorAll("input:not([autocomplete], UNTYPED)")].map(typed => typed.outerHTML),
    keys: [...document.querySelectorAll("input[name$=phone]:not([type=tel], [inputmode=tel], UNTYPED)")].map(
        typed => typed.outerHTML),
    small: [...document.querySelectorAll(TOUCHED)].filter(touched => {
        const { width, height } = touched.getBoundingClientRect();
        return width && height && height < LEAST;
    }).map(touched => touched.outerHTML.slice(0, 160)),
})""".replace("TOUCHED", json.dumps(TOUCHED))
    .replace("LEAST", str(LEAST))
    .replace("UNTYPED", UNTYPED)
)


def faults(page: Page, language: str, *, narrow: bool = True) -> list[str]:
    """What is wrong with the page that is open: a line each. `narrow`: it is for the narrowest screen, and thumbs."""
    seen = page.evaluate(LOOK, OPTIONS if language == "en" else WORDS_ALONE)
    found = list(seen["violations"])
    if seen["headings"] != 1:
        found.append(f"it has {seen['headings']} h1")
    if seen["language"] != language:
        found.append("its language is not said")
    if language != "en":
        found += [f"English on it: {words}" for words in FORGOTTEN if words in seen["words"]]
    found += [f"a browser may fill it in: say autocomplete: {typed[:160]}" for typed in seen["filled"]]
    found += [f"a phone, and its keys are not for digits: {typed[:160]}" for typed in seen["keys"]]
    most = WIDTH if narrow else DESK_WIDTH
    if seen["width"] > most:
        found.append(f"it is {seen['width']} px wide: more than {most}")
    if narrow:
        found += [f"lower than a thumb ({LEAST} px): {touched}" for touched in seen["small"]]
    return found


@cache
def unconnected() -> Flask:
    """The application, to read its map: it is connected to nothing."""
    nowhere = "postgresql+psycopg://zamu_app@/nowhere"
    return create_app(
        Settings(
            database_url=nowhere,
            database_owner_url=nowhere,
            redis_url="redis://127.0.0.1:1/0",
            queue_url="redis://127.0.0.1:1/0",
            secret_key=SECRET_KEY,
            callback_secrets=("a-secret-of-nobody",),
            data_dir=Path("unused"),
        )
    )
