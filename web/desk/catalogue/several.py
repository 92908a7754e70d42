"""Opening several at once: the services of a centre, or one service at several centres. One form, a row for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field, StringField
from wtforms.validators import ValidationError

from core.booking.given import Given
from core.booking.opening import Opening, open_offerings, usual_minutes
from core.catalogue.errors import CannotOpen, CatalogueRefused
from core.wording import N_
from core.wording import gettext as _
from web.desk.asking import NO_NUMBER, NumberField, refuse, tick, words
from web.desk.catalogue.forms import Said
from web.work import Work

NOTHING_TICKED = N_("Tick what is opened.")


@dataclass(frozen=True, slots=True)
class Row:
    """What may be opened: a service at a centre."""

    line: Given
    code: str
    name: str
    """Of the service or of the centre: of which of the two there are several."""
    counters: int
    minutes: int
    """What is proposed of both."""


class SeveralForm(Said):
    """What is opened, how each is given, and who says so. Made by `_form`, which gives it its rows."""

    rows: Sequence[Row]

    def validate(self, extra_validators: Any = None) -> bool:
        """What stands in a row that is not ticked is asked of nobody."""
        super().validate(extra_validators)
        for row in self.rows:
            if not self.is_ticked(row):
                self[f"counters_{row.code}"].errors = self[f"minutes_{row.code}"].errors = ()
        return not self.errors

    def validate_ticked(self, field: Field) -> None:
        if not any(map(self.is_ticked, self.rows)):
            raise ValidationError(_(NOTHING_TICKED))

    def is_ticked(self, row: Row) -> bool:
        return bool(self[f"open_{row.code}"].data)

    def openings(self) -> list[Opening]:
        """Of a form that has been checked."""
        return [
            Opening(
                row.line.service.code,
                row.line.site.code,
                self[f"counters_{row.code}"].data,
                self[f"minutes_{row.code}"].data,
            )
            for row in self.rows
            if self.is_ticked(row)
        ]

    def say(self, why: CannotOpen) -> None:
        """Beside each row, or its field, why it is refused."""
        for row in self.rows:
            error = why.why.get((row.line.service.code, row.line.site.code))
            if error is not None:
                name = f"{error.field}_{row.code}"
                refuse(self[name if name in self else f"open_{row.code}"], error)

    def refusals(self) -> dict[str, list[str]]:
        """At the top of the page each sentence says which row it is about."""
        names = {f"{part}_{row.code}": row.name for row in self.rows for part in ("open", "counters", "minutes")}
        found = super().refusals()
        return {
            field: [f"{names[field]}: {said}" for said in sentences] if field in names else sentences
            for field, sentences in found.items()
        }


WHO_CONFIRMED = {
    "service": N_("Who has confirmed that they are given here?"),
    "site": N_("Who has confirmed that it is given there?"),
}
"""By what the rows are named after."""


def who_confirmed(label: str) -> StringField:
    """What is asked of whoever opens something."""
    return words(
        label,
        N_("Say where this is written, or who confirmed it."),
        hint=N_("Such as: the centre manager, by letter of 20 Nov 2026."),
    )


def open_several(work: Work, lines: Sequence[Given], *, by: str, heading: str, back: str) -> str | BaseResponse:
    """The page on which those that are not open are opened together; where there are none, the one it belongs to.

    `by` says what the rows are named after: "service" or "site".
    """
    rows = _rows(work, lines, by=by)
    if not rows:
        return redirect(back, 303)
    form = _form(rows, by=by)
    if form.validate_on_submit():
        try:
            with work.writing() as db:
                opened = open_offerings(db, form.openings(), edit=form.edit(work))
            flash(_("Open for booking now: {count}.").format(count=len(opened)), "done")
            return redirect(back, 303)
        except CannotOpen as error:
            form.say(error)
        except CatalogueRefused as error:
            refuse(form.note, error)
    return render_template("desk/catalogue/offerings_open.html", form=form, by=by, heading=heading, back=back)


def _rows(work: Work, lines: Sequence[Given], *, by: str) -> list[Row]:
    """What can be opened, and whatever else was ticked: it may have been opened, or become unfit, since."""
    with work.reading() as db:
        usual = usual_minutes(db)
    rows = []
    for line in lines:
        what = line.service if by == "service" else line.site
        if (line.bookable and not line.open) or f"open_{what.code}" in request.form:
            minutes = line.minutes or usual[line.service.code]
            rows.append(Row(line, what.code, what.names.spoken_full, line.counters or 1, minutes))
    return rows


def _form(rows: Sequence[Row], *, by: str) -> SeveralForm:
    # Its first tick box is where the sentence leads that nothing is ticked.
    fields: dict[str, Any] = {"rows": rows, "ticked": Field(id=f"open_{rows[0].code}")}
    for row in rows:
        fields[f"open_{row.code}"] = tick(row.name)
        fields[f"counters_{row.code}"] = NumberField(N_("Counters"), NO_NUMBER, least=1, default=row.counters)
        fields[f"minutes_{row.code}"] = NumberField(N_("Minutes"), NO_NUMBER, least=1, default=row.minutes)
    fields["note"] = who_confirmed(WHO_CONFIRMED[by])
    made: type[SeveralForm] = type("SeveralForm", (SeveralForm,), fields)
    return made()
