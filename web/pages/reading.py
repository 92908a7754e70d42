"""Numbers out of addresses: whatever stands there, a statement of the database gets one that fits its column."""

from flask import Flask, request
from werkzeug.routing import BaseConverter, ValidationError

SMALL = 2**31 - 1
"""The greatest that fits an integer column."""
BIG = 2**63 - 1
"""The greatest that fits a bigint column."""


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
