"""Kinds of fields: each checks what its description says, and no less."""

import re
from datetime import UTC, date, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from core.clock import local

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
"""What lies outside is as far away: a date of the year 1 must not upset anybody's reckoning."""


class Fits(validate.Regexp):
    """A pattern that the whole text must fit."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(str(self.regex.pattern), value) is None:
            raise ValidationError(self.error)
        return value


class Text(fields.String):
    """Text of a pattern."""

    def __init__(self, pattern: str, said: str, **more: Any) -> None:
        super().__init__(validate=Fits(pattern, error=said), **more)


class Whole(fields.Integer):
    """A whole number of JSON, not one within quotes."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strict=True, **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> Any:
        if isinstance(value, str | bool):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **more)


class Moment(fields.AwareDateTime):
    """A moment with its offset; said in the time of Nairobi."""

    def __init__(self, **more: Any) -> None:
        said = "Write a moment with its offset, like 2026-11-24T08:00:00+03:00."
        super().__init__(error_messages={"invalid": said, "invalid_awareness": said}, **more)

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **more: Any) -> str | None:
        return None if value is None else local(value).isoformat()

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **more)
        if moment.year < FIRST.year:
            return datetime(FIRST.year, 1, 1, tzinfo=UTC)
        return datetime(LAST.year, 1, 1, tzinfo=UTC) if moment.year > LAST.year else moment


class Day(fields.Date):
    """A day in Nairobi."""

    def __init__(self, **more: Any) -> None:
        super().__init__(error_messages={"invalid": "Write a day like 2026-11-24."}, **more)

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **more)
        return min(max(day, FIRST), LAST)


def service_code(**more: Any) -> Text:
    said = "Write the code of a service, as /services lists it."
    return Text("^[A-Z0-9]{2,8}$", said, metadata={"description": "Code of a service.", "example": "IDR"}, **more)


def centre_code(**more: Any) -> Text:
    said = "Write the code of a centre, as /centres lists it."
    return Text("^[A-Z0-9]{2,8}$", said, metadata={"description": "Code of a centre.", "example": "GPO"}, **more)


def eight_digits(description: str, **more: Any) -> Text:
    said = "Write the eight digits of a tracking number."
    return Text("^[1-9][0-9]{7}$", said, metadata={"description": description, "example": "48217096"}, **more)


def own_reference(**more: Any) -> Text:
    said = "Write 1 to 64 letters, digits, dots, - or _, the first a letter or digit."
    about = {
        "description": "Your own reference: never a name, phone or identity number.",
        "example": "NRB-2026-000017",
    }
    return Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", said, metadata=about, **more)


def paper(description: str) -> Text:
    return Text("^[A-Za-z0-9]{5,12}$", "Write 5 to 12 letters or digits.", metadata={"description": description})


def one_of(values: tuple[str, ...], description: str, **more: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(values), metadata={"description": description}, **more)


def cursor_field() -> Text:
    return Text(
        "^[A-Za-z0-9_-]{1,200}$",
        "Give a cursor as you got it in `next`.",
        metadata={"description": "`next` of the page before."},
    )
