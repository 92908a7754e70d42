"""What nobody types in earnest, in every place of an address where something can be typed."""

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

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

Good = Callable[[Rule, str], str]


def addresses(rule: Rule, good: Good) -> Iterator[str]:
    """The route with nonsense in one argument at a time, and what is right in the others."""
    if rule.arguments:
        yield _filled(rule, lambda _rule, _name: "%00")
    for hostile in sorted(rule.arguments):
        for nonsense in NONSENSE:
            yield _filled(
                rule, lambda rule, name, hostile=hostile, it=nonsense: it if name == hostile else good(rule, name)
            )


def asking(app: Flask, rule: Rule, good: Good) -> Iterator[str]:
    """The route with nonsense in what it reads from the query."""
    address, names = (
        _filled(rule, good),
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


def _filled(rule: Rule, good: Good) -> str:
    made = re.sub(r"<any\(([^,)]+)[^>]*>", r"\1", rule.rule)
    for name in rule.arguments:
        made = re.sub(rf"<[^<>]*\b{name}>", lambda _match, name=name: good(rule, name), made)
    return made
