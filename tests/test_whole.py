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
from core.tracking import lookup
from menus.proof import Stock, examples
from tests.support import NOW
from ussd.screens import SCREENS
from web import cli
from web.app import PUBLIC
from web.local import run
from web.local.console import Output
from web.local.guard import Guard

ROOT = Path(__file__).parents[1]


# Every route has an authentication decision.


def test_every_route_is_public_on_purpose_or_asks_for_a_secret(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        assert "secret" in rule.arguments, f"{rule} checks nobody"
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            response = client.open(_address(rule), method=method, data={"anything": "at all"})
            assert response.status_code == 404, f"{method} {rule} answers {response.status_code} to a wrong secret"


def test_what_is_public_is_there(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC
    for path in ("/healthz", "/readyz", "/metrics"):
        assert app.test_client().get(path).status_code == 200


def _address(rule: Rule) -> str:
    """The route with something in every place, and no secret."""
    return re.sub(r"<[^>]+>", "not-the-secret", rule.rule)


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
