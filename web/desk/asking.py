"""Forms of the desk: fields that say in the language being spoken what is wrong with what was typed, and keep it."""

import re
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Any

from govuk_frontend_wtf.wtforms_widgets import (
    GovCheckboxesInput,
    GovCheckboxInput,
    GovRadioInput,
    GovSelect,
    GovTextArea,
    GovTextInput,
)
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import ValidationError

from core.clock import in_reach
from core.wording import N_, dates
from core.wording import gettext as _
from web.pages.forms import OnceForm

MOST_NUMBER = 1_000_000
NO_DAY = N_("Type a day like 24/11/2026.")
NO_TIME = N_("Type a time like 8:30am.")
A_DAY = N_("Such as 24/11/2026.")
"""How a day is typed: said wherever one is asked for."""
NO_NUMBER = N_("Type a whole number, such as 15.")


class _Line(GovTextInput):
    """One line of text. Computers at the desk are shared: no browser offers what the officer before has typed.

    `keys`: which a phone shows, `numeric` or `tel`; None: all.
    """

    def __init__(self, keys: str | None = None) -> None:
        super().__init__()
        self._keys = keys

    def map_gov_params(self, field: Field, **kwargs: Any) -> dict[str, Any]:
        given = {"autocomplete": "off", "inputmode": self._keys} | kwargs.get("params", {})
        params: dict[str, Any] = super().map_gov_params(field, **kwargs | {"params": given})
        return params


class DeskForm(OnceForm):
    """A form whose labels and hints are marked with N_, and said in the language being spoken."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            if field.label.text:
                field.label.text = _(field.label.text)
            said = (field.description, A_DAY if isinstance(field, DayField) else "")
            field.description = " ".join(_(sentence) for sentence in said if sentence)


def refuse(field: Field, sentence: object) -> None:
    """Say beside a field what a command has refused."""
    field.errors = [*field.errors, str(sentence)]


def filled(sentence: str, *, most: int = 300) -> Callable[[Any, Field], None]:
    """A validator: something must be there, and no more than `most` characters."""
    short = _short(most)

    def check(form: Any, field: Field) -> None:
        if not (field.data or "").strip():
            raise ValidationError(_(sentence))
        short(form, field)

    return check


def words(label: str, needed: str = "", *, hint: str = "", most: int = 300, keys: str | None = None) -> StringField:
    """One line of text; `needed` is what is said when it is empty, `keys` which a phone shows: `numeric` or `tel`."""
    checks = [filled(needed, most=most)] if needed else [_short(most)]
    return StringField(label, description=hint, widget=_Line(keys), validators=checks, filters=[_plain])


def text(label: str, needed: str = "", *, hint: str = "", most: int = 1000) -> TextAreaField:
    """Several lines."""
    checks = [filled(needed, most=most)] if needed else [_short(most)]
    return TextAreaField(label, description=hint, widget=GovTextArea(), validators=checks, filters=[_plain])


def pick(label: str, *, hint: str = "", none: str = N_("Choose one.")) -> SelectField:
    """One of a list; the view gives the choices."""
    return SelectField(label, description=hint, widget=GovSelect(), validate_choice=False, validators=[_among(none)])


def one_of(label: str, *, hint: str = "", none: str = N_("Choose one."), default: str | None = None) -> RadioField:
    """One of a few, all shown; the view gives the choices."""
    checks = [_among(none)]
    return RadioField(
        label, description=hint, widget=GovRadioInput(), validate_choice=False, validators=checks, default=default
    )


def some_of(label: str, *, hint: str = "") -> SelectMultipleField:
    """Any of a list; the view gives the choices."""
    checks = [_among(N_("Choose only what is in the list."))]
    return SelectMultipleField(
        label, description=hint, widget=GovCheckboxesInput(), validate_choice=False, validators=checks
    )


def tick(label: str, *, hint: str = "") -> BooleanField:
    return BooleanField(label, description=hint, widget=GovCheckboxInput())


class _Typed(Field):
    """A value read from one line of text; what was typed is shown again as it was."""

    widget = _Line()

    def __init__(self, label: str, needed: str = "", *, hint: str = "", **kwargs: Any) -> None:
        super().__init__(label, description=hint, **kwargs)
        self._needed = needed

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        typed = valuelist[0].strip() if valuelist else ""
        self.data = None
        if typed:
            self.data = self.read(typed)
        elif self._needed:
            raise ValueError(_(self._needed))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.shown(self.data)

    def read(self, typed: str) -> Any:
        """Raises:
        ValueError: with the sentence that says what is wrong.
        """
        raise NotImplementedError

    def shown(self, data: Any) -> str:
        return str(data)


class DayField(_Typed):
    """A day: 24/11/2026, or 2026-11-24 as browsers write it."""

    def read(self, typed: str) -> date:
        return self.parse(typed)

    @staticmethod
    def parse(typed: str) -> date:
        """Raises:
        ValueError: with the sentence that says what is wrong.
        """
        digits = [int(part) for part in re.findall(r"[0-9]+", typed)[:3]]
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", typed):
                return DayField._in_reach(date(*digits))
            if re.fullmatch(r"[0-9]{1,2}[/. -][0-9]{1,2}[/. -][0-9]{4}", typed):
                return DayField._in_reach(date(*reversed(digits)))
        except ValueError:
            pass
        raise ValueError(_(NO_DAY))

    @staticmethod
    def _in_reach(day: date) -> date:
        if not in_reach(day):
            raise ValueError
        return day

    def shown(self, data: date) -> str:
        return f"{data:%d/%m/%Y}"


class TimeField(_Typed):
    """A time of day: 4:30pm as pages say it, or 16:30 as clocks do."""

    def read(self, typed: str) -> time:
        parts = re.fullmatch(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*([ap]m)?", typed.lower())
        if parts and (parts[2] or parts[3]):
            hour, minute, half = int(parts[1]), int(parts[2] or 0), parts[3]
            is_one = 1 <= hour <= 12 if half else hour < 24
            if is_one and minute < 60:
                return time(hour % 12 + (12 if half == "pm" else 0) if half else hour, minute)
        raise ValueError(_(NO_TIME))

    def shown(self, data: time) -> str:
        return dates.hours(data.hour, data.minute)


class NumberField(_Typed):
    """A whole number from `least`; a thousand may be written 1,000."""

    widget = _Line("numeric")

    def __init__(self, label: str, needed: str = "", *, least: int = 0, **kwargs: Any) -> None:
        super().__init__(label, needed, **kwargs)
        self._least = least

    def read(self, typed: str) -> int:
        plain = typed.replace(",", "").replace(" ", "")
        if not (plain.isascii() and plain.isdigit()):
            raise ValueError(_(NO_NUMBER))
        number = int(plain[:12])
        if number < self._least:
            raise ValueError(_("The least is {least}.").format(least=self._least))
        if number > MOST_NUMBER:
            raise ValueError(_("That is more than anybody has. Check the number."))
        return number


def _plain(value: Any) -> Any:
    """A NUL fits no text column."""
    return value.strip() if isinstance(value, str) else value


def _short(most: int) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        if len(field.data or "") > most:
            raise ValidationError(_("This is longer than {most} characters.").format(most=most))

    return check


def _among(none: str) -> Callable[[Any, Field], None]:
    """A validator: of a field of one choice or several, each must have been offered."""

    def check(form: Any, field: Any) -> None:
        chosen = field.data if isinstance(field, SelectMultipleField) else [field.data]
        if not set(chosen or ()) <= {str(choice[0]) for choice in field.iter_choices()}:
            raise ValidationError(_(none))

    return check
