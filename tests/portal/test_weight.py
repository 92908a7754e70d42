"""The first page on 2G: what is sent for it, all told."""

import re

from flask import Flask
from flask.testing import FlaskClient

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
    for path in loaded(citizen.get("/").text):
        assert re.fullmatch(r"/static/\w+-[0-9a-f]{12}\.\w+", path)
        answer = citizen.get(path)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
    assert citizen.get("/static/zamu-000000000000.css").status_code == 404


def test_the_longest_lists_stay_light(app: Flask) -> None:
    citizen = app.test_client()
    for path in ("/services", "/services/IDR", "/centres", "/centres/GPO"):
        assert sent(citizen, path) < 6 * 1024, path
