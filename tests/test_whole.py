"""About the whole: nothing that ought to be everywhere is missing somewhere."""

import inspect
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from werkzeug.routing import Rule

import core.wording
from core.booking import commands
from core.catalogue.snapshot import Catalogue
from core.gsm7 import is_gsm7
from core.messaging.tables import Lane
from core.people.audit import Intent
from core.settings import LocalSettings
from core.staff.roles import Can
from core.tracking import lookup
from menus.proof import Stock, examples
from tests.support import NOW
from ussd.screens import SCREENS
from web import cli
from web.app import PUBLIC
from web.desk.signing import sign_in
from web.local import run
from web.local.console import Output
from web.local.guard import Guard

ROOT = Path(__file__).parents[1]


# Every route has an authentication decision.

PORTAL = {
    "api_guide.guide",
    "api_guide.openapi",
    "booking.centres",
    "booking.counties",
    "booking.day",
    "booking.days",
    "booking.place",
    "booking.services",
    "booking.start",
    "booking.times",
    "centres.centre",
    "centres.centres",
    "confirming.check",
    "holding.again",
    "holding.code",
    "holding.phone",
    "holding.who",
    "home.home",
    "home.too_big",
    "own_booking.find",
    "own_booking.forget",
    "own_booking.phone",
    "own_booking.phone_code",
    "services.service",
    "services.services",
    "tracking.look",
    "tracking.status",
    "tracking.take",
}
"""Open to everybody: what they show of anybody, they show to who has just typed it or proved a phone."""
PROVEN = {
    "own_booking.booked",
    "own_booking.code",
    "own_booking.give_up",
    "own_booking.mine",
    "own_booking.see",
    "own_booking.send_again",
    "slip.slip",
    "waiting.beside",
    "waiting.offer",
    "waiting.stop",
}
"""Somebody's own: only for a browser that has proved the phone by a code."""
STATIC_OF_API = {"api-docs.static"}


def decision(endpoint: str, rule: Rule, view: Any) -> str:
    """Who may ask for it; empty where nobody has decided."""
    decided = {
        "public": endpoint in PUBLIC | STATIC_OF_API,
        "portal": endpoint in PORTAL,
        "proven": endpoint in PROVEN,
        "sign-in": endpoint in sign_in.OPEN,
        "signed in": endpoint in sign_in.OWN or getattr(view, "needs", "nothing") is None,
        "role": isinstance(getattr(view, "needs", None), Can),
        "secret": "secret" in rule.arguments,
        "key": rule.rule.startswith("/api/v1/") and endpoint.startswith("api."),
    }
    [*one] = (name for name, holds in decided.items() if holds)
    return one[0] if len(one) == 1 else ""


def rules(app: Flask) -> Iterator[tuple[Rule, Any]]:
    """Every route of both parts of the application, and its view."""
    for part in (app, app.extensions["doors"]):
        yield from ((rule, part.view_functions[rule.endpoint]) for rule in part.url_map.iter_rules())


def routes(app: Flask, kind: str) -> Iterator[tuple[Rule, str]]:
    """Those with this decision, and each of their methods."""
    for rule, view in rules(app):
        if decision(rule.endpoint, rule, view) == kind:
            yield from ((rule, method) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}))


def test_every_route_has_one_authentication_decision(app: Flask) -> None:
    undecided = [f"{rule} ({rule.endpoint})" for rule, view in rules(app) if not decision(rule.endpoint, rule, view)]
    assert undecided == []


def test_what_is_decided_is_there(app: Flask) -> None:
    there = {rule.endpoint for rule, _view in rules(app)}
    assert there >= PUBLIC | PORTAL | PROVEN | sign_in.OPEN | sign_in.OWN
    assert not {rule.endpoint for rule, _method in routes(app, "portal")} & {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/desk")
    }
    for path in ("/healthz", "/readyz", "/metrics"):
        assert app.test_client().get(path).status_code == 200


@pytest.mark.parametrize("kind", ["secret", "key", "role", "signed in", "proven"])
def test_who_brings_nothing_gets_nothing(app: Flask, kind: str) -> None:
    client, tried = app.test_client(), 0
    for rule, method in routes(app, kind):
        response = client.open(_address(rule), method=method, data={"anything": "at all"})
        told = f"{method} {rule} answers {response.status_code} {response.location}"
        if kind == "secret":
            assert response.status_code == 404, told
        elif kind == "key":
            assert response.status_code == 401, told
        elif kind == "proven":
            assert response.status_code in (302, 303, 404), told
        else:
            assert response.status_code == 302, told
            assert str(response.location).startswith("/desk/sign-in"), told
        tried += 1
    assert tried > 3


def test_the_steps_of_signing_in_lead_back_to_its_beginning(app: Flask) -> None:
    client = app.test_client()
    for rule, method in routes(app, "sign-in"):
        response = client.open(_address(rule), method=method)
        if rule.endpoint == "sign_in.login":
            assert response.status_code == (200 if method == "GET" else 422)
        else:
            assert response.location == "/desk/sign-in", f"{method} {rule}"


def _address(rule: Rule) -> str:
    """The route with something in every place, and no secret."""
    filled = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
    filled = re.sub(r"<(int|small|row)\b[^>]*>", "1", filled)
    filled = re.sub(r"<eight_digits[^>]*>", "48217092", filled)
    return re.sub(r"<[^>]+>", "not-the-secret", filled)


# Every screen is proved.


def test_every_screen_has_an_example_that_the_proof_tries(catalogue: Catalogue) -> None:
    stock = Stock(
        references=("48217096",),
        booked={"service": "IDR", "site": "GPO", "at": NOW.isoformat()},
        identity="12345678",
        offers=(1,),
        waits=(1,),
        documents=(1,),
        tracking_number="48217092",
        proof="678",
    )
    tried = {name for name, targets in examples(catalogue, stock, NOW).items() if list(targets)}
    assert tried == set(SCREENS)


# Every effect has a request key.

READING = {lookup.own_documents}
CLOCKS_OWN = {lookup.forget_attempts}
"""Run again and again by the clock: doing it twice is what it is for."""


def _public_functions(module: Any) -> Iterator[Callable[..., Any]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ == module.__name__ and not name.startswith("_"):
            yield function


@pytest.mark.parametrize("module", [commands, lookup], ids=lambda module: module.__name__)
def test_every_command_that_writes_takes_a_request_key(module: Any) -> None:
    commands_found = set(_public_functions(module)) - READING - CLOCKS_OWN
    assert commands_found
    for command in commands_found:
        names = inspect.signature(command).parameters
        hints = get_type_hints(command)
        assert "request_key" in names or Intent in hints.values(), f"{command.__name__} would be done twice"
    assert "request_key" in get_type_hints(Intent)


# Every lane has a worker.


def test_every_lane_has_a_worker(tmp_path: Path) -> None:
    assert set(cli.LANES) == {lane.value for lane in Lane}
    settings = LocalSettings.from_environment({"ZAMU_AT_BASE_URL": "http://127.0.0.1"})
    children = run._children(settings, {}, folder=tmp_path, output=Output(), guard=Guard())
    assert {child.name for child in children} >= {f"worker {lane.value}" for lane in Lane}


# Every wording is translated.


def _extracted() -> set[str]:
    """Every message in the code, as `make wording` collects them."""
    with (ROOT / "core/wording/babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | {"_": None, "N_": None}
    found = extract_from_dir(ROOT, methods, options, keywords=keywords, directory_filter=_has_code)
    messages = [message for _file, _line, message, _comments, _context in found]
    return {text for message in messages for text in (message if isinstance(message, tuple) else (message,))}


def _has_code(folder: str | Path) -> bool:
    """As in babel.cfg, and without stepping into what is not ours."""
    return Path(folder).name not in {".venv", ".git", ".zamu", "build", "tests", "simulator", "node_modules"}


def _translations(language: str) -> dict[str, str]:
    """By message; none is obsolete, empty or doubtful."""
    with (core.wording.LOCALE / language / "zamu.po").open(encoding="utf-8") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    assert not catalogue.obsolete, f"obsolete: {list(catalogue.obsolete)}"
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []
    return {str(message.id): str(message.string) for message in catalogue if message.id}


OTHERS = [language for language in core.wording.LANGUAGES if language != core.wording.DEFAULT]


@pytest.mark.parametrize("language", OTHERS)
def test_every_wording_is_translated_and_none_is_left_over(language: str) -> None:
    translated = _translations(language)
    extracted = _extracted()
    assert len(extracted) > 100
    assert extracted - set(translated) == set(), "run `make wording` and translate"
    assert set(translated) - extracted == set(), "nobody says this any more"


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    for message, said in _translations(language).items():
        assert _placeholders(said) == _placeholders(message), message


@pytest.mark.parametrize("language", OTHERS)
def test_every_wording_is_in_the_alphabet_of_the_air(language: str) -> None:
    for text in itertools.chain(*_translations(language).items()):
        assert is_gsm7(text), text


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_the_space_around_its_message(language: str) -> None:
    for text in itertools.chain(*_translations(language).items()):
        assert text == text.strip(), text


def _placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w*\}", text))


# Nobody else reads the environment, and core knows no door.


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for folder in ("core", "ussd", "sms", "menus", "workers", "web", "migrations")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
    }
    assert readers == {"core/settings.py"}
