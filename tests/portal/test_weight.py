"""The first page on 2G: what is sent for it, all told."""

import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from govuk_frontend_wtf import wtforms_widgets
from jinja2 import meta

from web.pages.look import GOVUK, assets

WEB = Path(__file__).parents[2] / "web"
MOST = 60 * 1024
PACKED = {"Accept-Encoding": "gzip"}


def sent(citizen: FlaskClient, path: str) -> int:
    """Bytes of an answer: its head and its body, as they go over the line."""
    answer = citizen.get(path, headers=PACKED)
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    return len(answer.data) + head


def loaded(page: str) -> list[str]:
    """Everything that a browser fetches for a page: style, scripts, pictures, its icon."""
    return re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="([^"]+)"', page)


def test_the_first_page_with_all_it_loads_is_under_60_kb(app: Flask) -> None:
    citizen = app.test_client()
    parts = loaded(citizen.get("/").text)
    assert len(parts) == 3, "a style, a script, an icon"
    total = sum(sent(citizen, path) for path in ["/", *parts])
    print(f"the first page: {total / 1024:.1f} KB in {1 + len(parts)} requests")
    assert total < MOST


def test_no_page_loads_anything_from_elsewhere(app: Flask) -> None:
    citizen = app.test_client()
    for path in ("/", "/services", "/services/IDR", "/centres/GPO", "/document", "/book"):
        for address in loaded(citizen.get(path).text):
            assert address.startswith("/static/"), address


def test_static_files_are_kept_for_ever_under_names_that_tell_their_content(app: Flask) -> None:
    citizen = app.test_client()
    assert "Set-Cookie" in citizen.get("/document").headers, "a session, which every file must be kept in spite of"
    for path in loaded(citizen.get("/").text):
        assert re.fullmatch(r"/static/\w+-[0-9a-f]{12}\.\w+", path)
        answer = citizen.get(path)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "Set-Cookie" not in answer.headers
    assert citizen.get("/static/zamu-000000000000.css").status_code == 404


def test_the_longest_lists_stay_light(app: Flask) -> None:
    citizen = app.test_client()
    for path in ("/services", "/services/IDR", "/centres", "/centres/GPO"):
        assert sent(citizen, path) < 6 * 1024, path


def sources(app: Flask) -> Iterator[str]:
    """All of ours that can name a class, and the templates of GOV.UK Frontend that these and our fields lead to."""
    env = app.jinja_env
    assert env.loader is not None
    code = [path.read_text() for path in WEB.rglob("*.py")]
    yield from code
    widgets = {name for source in code for name in re.findall(r"\bGov\w+", source)}
    led_to = [name for name in env.list_templates() if not name.startswith("govuk_frontend_")]
    led_to += [getattr(wtforms_widgets, name).template for name in widgets if hasattr(wtforms_widgets, name)]
    read: set[str] = set()
    while led_to:
        name = led_to.pop()
        if name not in read:
            read.add(name)
            source = env.loader.get_source(env, name)[0]
            led_to += [one for one in meta.find_referenced_templates(env.parse(source)) if one]
            yield source


def test_nothing_that_a_page_names_was_left_out_of_the_stylesheet(app: Flask) -> None:
    whole, served = GOVUK.read_text(), assets()["zamu.css"].content.decode()
    named = {name for source in sources(app) for name in re.findall(r"govuk-[\w!-]*\w", source)}
    assert {"govuk-button", "govuk-password-input", "govuk-!-margin-bottom-0"} <= named
    styled = [rf"\.{re.escape(name).replace('!', re.escape(chr(92)) + '!')}(?![\w-])" for name in named]
    assert [one for one in styled if re.search(one, whole) and not re.search(one, served)] == []
