"""What nobody types in earnest, in every place of an address and of a form where something can be typed."""

import contextlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import cycle
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import Rule

HUGE = "9" * 20
FAR = "31/12/9999"
ODD = quote("\N{PILE OF POO}٣") + "%ff//["
NONSENSE = (HUGE, "3000000000", "-1", quote("٣٣"), "9999-12-31", ODD, "x" * 3000)
"""As a path has them, one after another in each of its arguments; NUL is refused before anybody reads one."""
ASKED = (HUGE, FAR, quote(f"2026-11-23T06:00:00+00:00/{HUGE}"))
"""In a query, by themselves."""
ASKED_TOGETHER = ("%00", "-1", ODD)

TYPED = ("", "x" * 5000, "9" * 25, FAR, "\N{PILE OF POO}٣", "-1", "99:99", "30/02/2026", "=1+1", "0")
"""Into a field."""
SHOWN = 40
"""Characters that are shown again of what is far too long."""
PROBLEMS = re.compile('<div[^>]* id="problems"[^>]*>')
SECRET = re.compile("pass|code|digits")
"""Fields whose content is not shown again."""
OF_ANOTHER_DAY = re.compile("_[1-6]$")
"""Fields that are like those of Monday."""
ENGLISH = re.compile("valid|field|required", re.IGNORECASE)
"""In what WTForms says by itself."""

Good = Callable[[Rule, str], str]


def addresses(rule: Rule, good: Good) -> Iterator[str]:
    """The route with nonsense in one argument at a time, and what is right in the others."""
    if rule.arguments:
        yield filled(rule, lambda _rule, _name: "%00")
    for hostile in sorted(rule.arguments):
        for nonsense in NONSENSE:
            yield filled(
                rule, lambda rule, name, hostile=hostile, it=nonsense: it if name == hostile else good(rule, name)
            )


def asking(app: Flask, rule: Rule, good: Good) -> Iterator[str]:
    """The route with nonsense in what it reads from the query."""
    address, names = (
        filled(rule, good),
        names_read(inspect.getmodule(inspect.unwrap(app.view_functions[rule.endpoint]))),
    )
    for nonsense in ASKED_TOGETHER:
        yield f"{address}?{'&'.join(f'{name}={nonsense}' for name in sorted(names))}"
    for name in sorted(names - {"said"}):
        for nonsense in ASKED:
            yield f"{address}?{name}={nonsense}"


@cache
def names_read(module: Any) -> frozenset[str]:
    """What the views of a module, and those it is made with, read from addresses."""
    source = inspect.getsource(module)
    found = re.findall(r'(?:args|typed)\.get\(\s*"(\w+)"|asked_number\(\s*"(\w+)"', source)
    return frozenset(name for pair in found for name in pair if name) | {"said"}


def signed(app: Flask, client: Any) -> dict[str, str]:
    """What a form of ours carries unseen, for this browser."""
    with client.session_transaction() as session:
        session["csrf_token"] = "of-this-browser"
    token = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps("of-this-browser")
    return {"csrf_token": str(token), "request_key": "0123456789abcdef0123", "reason": "why", "answer": "take"}


@dataclass
class Form:
    """One that is posted: what it carries as the page stands, and the names of what can be typed or chosen in it."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    lines: set[str] = field(default_factory=set)
    """Those of them that are lines of text, and are shown again."""


class _Forms(HTMLParser):
    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._address, self._form, self._select = address, None, None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            posted = given.get("method", "get").lower() == "post"
            self._form = Form(given.get("action") or self._address) if posted else None
            self.found += [self._form] if self._form else []
        name = self._select if tag == "option" else given.get("name")
        if self._form is None or not name:
            return
        if tag in ("input", "select", "textarea", "option"):
            kind = given.get("type", "text") if tag == "input" else tag
            self._take(self._form, name, kind, given)
        self._select = name if tag == "select" else self._select

    def handle_endtag(self, tag: str) -> None:
        self._select = None if tag == "select" else self._select

    def _take(self, form: Form, name: str, kind: str, given: dict[str, str]) -> None:
        if kind in ("checkbox", "radio", "option"):
            chosen = "checked" in given or "selected" in given
            if chosen or (kind != "checkbox" and name not in form.values):
                form.values[name] = given.get("value", "")
        elif kind != "select":
            form.values[name] = given.get("value", "")
        if not name.endswith(("csrf_token", "request_key")) and name not in form.open:
            form.open.append(name)
        if kind in ("text", "tel") and not SECRET.search(name):
            form.lines.add(name)


def forms(page: str, address: str) -> list[Form]:
    """The forms of a page in which something can be typed or chosen."""
    return [form for form in _Forms(page, address).found if form.open]


def faults_of_forms(app: Flask, pages: Iterable[tuple[Any, str]]) -> list[str]:
    """What goes wrong in the forms of pages (whose browser, address): each is sent with nonsense, and nothing kept.

    In English some stands in all its fields at once, with NUL around it, in Kiswahili other in one at a time.
    """
    found, met, turn, asks = [], set(), cycle(TYPED), 0
    with nothing_kept(app):
        for client, address in pages:
            page = client.get(address)
            for form in forms(page.text, address) if page.status_code == 200 else ():
                if (key := (re.sub(r"[0-9]+|[A-Za-z0-9_-]{40,}", "", form.action), *form.open)) in met:
                    continue
                met.add(key)
                together = dict.fromkeys(form.open, f"\0{next(turn)}\0")
                alone = [{name: next(turn)} for name in form.open if not OF_ANOTHER_DAY.search(name)]
                for language, changed in [("en", together), *(("sw", one) for one in alone)]:
                    with client.session_transaction() as session:
                        session["language"] = language
                    asks += 1
                    # Each from somewhere else, since one address may not ask so often.
                    caller = {"REMOTE_ADDR": f"10.{asks >> 16}.{asks >> 8 & 255}.{asks & 255}"}
                    answer = client.post(form.action, data=form.values | changed, environ_overrides=caller)
                    found += [f"POST {form.action} {what}" for what in _wrong(form, changed, answer, language)]
    assert len(met) > 5
    return found


def _wrong(form: Form, changed: dict[str, str], answer: Any, language: str) -> Iterator[str]:
    told = {name: value[:20] for name, value in changed.items()}
    if answer.status_code >= 500 or answer.status_code == 429:
        yield f"{told} answers {answer.status_code}"
    page = unescape(answer.text)
    errors = re.findall(r'error-message">\s*(?:<span.*?</span>)?([^<]*)', page, re.S)
    if not errors:
        return
    yield from (f"{told} says {error!r}" for error in errors if language == "sw" and ENGLISH.search(error))
    for name in form.lines & changed.keys():
        if len(changed[name]) <= SHOWN and changed[name].replace("\0", "") not in page:
            yield f"{told} forgets {name}"


@contextlib.contextmanager
def nothing_kept(app: Flask) -> Iterator[None]:
    """Whatever a form has done is undone at once: the next one finds the same town."""

    def undo(connection: sa.Connection) -> None:
        connection.connection.rollback()

    engine = app.extensions["engine"]
    sa.event.listen(engine, "commit", undo)
    try:
        yield
    finally:
        sa.event.remove(engine, "commit", undo)


def asked_again_at(app: Flask, page: str, address: str) -> str | None:
    """Where a page that says what is wrong is asked for again, by a reload or Back: with the router's word that it is
    a page. None for one that says nothing; AssertionError where nothing can be looked at.
    """
    if not (says := PROBLEMS.search(page)):
        return None
    given = re.search('data-page="([^"]*)"', says[0])
    again = unescape(given[1]) if given else address
    assert app.url_map.bind("localhost").test(again.partition("?")[0], method="GET"), f"POST {address} leads to {again}"
    return again


def filled(rule: Rule, good: Good) -> str:
    """The route with something in each of its arguments."""
    made = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
    for name in rule.arguments:
        made = re.sub(rf"<[^<>]*\b{name}>", lambda _match, name=name: good(rule, name), made)
    return made
