"""What comes in: whatever stands in an address or a form, the database gets texts and numbers that fit its columns."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import BaseConverter, ValidationError

NONSENSE = re.compile("[\0\ud800-\udfff]")
"""Half of a character, or the one that ends texts in C: no text column takes them."""

SMALL = 2**31 - 1
"""The greatest that fits an integer column."""
BIG = 2**63 - 1
"""The greatest that fits a bigint column."""


class PageRequest(Request):
    """What somebody types goes on without nonsense, as if it had not been there: nobody sees it, or has typed it."""

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        super()._load_form_data()
        sent = self.__dict__["form"].items(multi=True)
        plain = [(NONSENSE.sub("", name), NONSENSE.sub("", value)) for name, value in sent]
        self.__dict__["form"] = ImmutableMultiDict(plain)


class Number(BaseConverter):
    """`<int:…>` in a path: the number of a row."""

    regex = "[0-9]{1,19}"
    most = BIG

    def to_python(self, value: str) -> int:
        if int(value) > self.most:
            raise ValidationError
        return int(value)

    def to_url(self, value: object) -> str:
        return str(value)


class SmallNumber(Number):
    """`<small:…>`: the number of a row in a table whose rows fit an integer column."""

    regex = "[0-9]{1,10}"
    most = SMALL


def use_numbers(app: Flask) -> None:
    """Before any route is added: all numbers in paths are bounded."""
    app.url_map.converters |= {"int": Number, "small": SmallNumber}


def number_of(text: str | None, *, most: int = SMALL) -> int | None:
    """None for what is not a number, or is greater."""
    if not text or len(text) > len(str(BIG)) or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if int(text) <= most else None


def asked_number(name: str, *, most: int = SMALL) -> int | None:
    """A number in the query of an address; None where there is none, or it is nonsense."""
    return number_of(request.args.get(name), most=most)


def url_with(address: str, **changes: str) -> str:
    """The same address with some of what it asks for changed."""
    parts = urlsplit(address)
    return f"{parts.path}?{urlencode(dict(parse_qsl(parts.query, keep_blank_values=True)) | changes)}"
