"""What is asked when the catalogue is edited. Each form says where the new value is written, and how sure it is."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from wtforms import Field, HiddenField

from core.catalogue.editing.edit import LONGEST_NOTE, Edit
from core.catalogue.snapshot import Catalogue
from core.catalogue.tables import Trust
from core.wording import LANGUAGES, N_, dates
from core.wording import gettext as _
from web.desk.access import officer
from web.desk.asking import NO_NUMBER, DayField, DeskForm, NumberField, TimeField, one_of, pick, refuse, text, words
from web.work import Work

WEEK = range(7)
NO_NOTE = N_("Say where this is written, or who confirmed it.")
NO_DAY = N_("Type the day.")


class Said(DeskForm):
    """Every change names its source."""

    note = words(
        N_("Where is this written, or who says so?"),
        NO_NOTE,
        hint=N_("Such as: Gazette Notice 12 of 2026; asked the centre manager on 20 Nov 2026."),
        most=LONGEST_NOTE,
    )

    def edit(self, work: Work, trust: Trust = Trust.VERIFIED) -> Edit:
        return Edit(officer().actor, self.note.data or "", self.key("desk"), work.now(), trust)

    def field_at_fault(self, field: str) -> Field | None:
        """The field that a command calls by this name."""
        return self[field] if field and field in self else None


class Confirming(Said):
    """What stands is right: only what the page has shown (core.catalogue.editing.edit.mark_of)."""

    seen = HiddenField()


class Sure(Said):
    """And how far it may be told."""

    trust = one_of(N_("How sure is it?"), default=Trust.VERIFIED.value)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trust.choices = [
            (Trust.VERIFIED.value, _("Confirmed by those who decide it: told as it is")),
            (Trust.SOURCED.value, _("Published, not confirmed: told as not confirmed")),
        ]

    def edit(self, work: Work, trust: Trust | None = None) -> Edit:
        return super().edit(work, Trust(self.trust.data) if trust is None else trust)


class NamesForm(Said):
    short_en = words(N_("Short name in English"), hint=N_("For the phone's screen."))
    short_sw = words(N_("Short name in Kiswahili"))
    full_en = words(N_("Full name in English"))
    full_sw = words(N_("Full name in Kiswahili"))

    def fields(self) -> dict[str, str]:
        return {f"{size}_{lang}": self[f"{size}_{lang}"].data or "" for size in ("short", "full") for lang in LANGUAGES}

    def by_language(self, size: str) -> dict[str, str]:
        return {language: self[f"{size}_{language}"].data or "" for language in LANGUAGES}


class FeeForm(Sure):
    amount_kes = NumberField(N_("Fee in KES"), hint=N_("0 is free. Empty: nobody knows, citizens are told to ask."))
    valid_from = DayField(N_("First day"), NO_DAY, hint=N_("The fee before it ends the day before."))
    valid_until = DayField(N_("Last day"), hint=N_("Empty: until another fee is set."))


class BringForm(Sure):
    en = text(N_("In English, a line each"), hint=N_("In the order in which they are asked for."))
    sw = text(N_("In Kiswahili, a line each"), hint=N_("The same things in the same order."))

    def texts(self) -> dict[str, list[str]]:
        return {language: (self[language].data or "").splitlines() for language in LANGUAGES}


class MinutesForm(Said):
    minutes = NumberField(N_("Minutes for one person"), NO_NUMBER, least=1)


class AppointmentForm(Said):
    appointment = one_of(N_("Does one book?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.appointment.choices = list(appointments().items())


def appointments() -> dict[str, str]:
    return {
        "needed": _("One must book"),
        "optional": _("One may book, or walk in"),
        "walk_in": _("One walks in: no booking"),
    }


class ServiceForm(NamesForm):
    """A service that no data file has."""

    code = words(N_("Code"), N_("A code is 3 to 6 capital letters and digits, such as GPO."), most=6)
    agency = pick(N_("Whose service is it?"))
    category = pick(N_("Kind of service"), hint=N_("Where callers find it."))
    appointment = one_of(N_("Does one book?"))
    identity = one_of(N_("What does one show?"), hint=N_("Whoever books is asked for its number."))
    minutes = NumberField(N_("Minutes for one person"), NO_NUMBER, least=1)

    def offer(self, catalogue: Catalogue, agencies: Sequence[tuple[str, str]]) -> None:
        """`agencies`: code and name of each."""
        self.agency.choices = list(agencies)
        self.category.choices = [(kind.code, kind.names.spoken_full) for kind in catalogue.categories.values()]
        self.appointment.choices = list(appointments().items())
        self.identity.choices = [
            ("national_id", _("An ID card")),
            ("document", _("An ID card, a passport, an alien ID or a birth entry")),
            ("none", _("Nothing: a first ID, a child")),
        ]


class AddressForm(Sure):
    address = words(N_("Address"), hint=N_("As one finds it. Empty: nobody knows."))


class TownForm(Sure):
    town = words(N_("Town"), hint=N_("By which it is found."))


class DaysForm(Said):
    opens_on = DayField(N_("First day"), hint=N_("Empty: it has always been there."))
    closes_on = DayField(N_("Last day"), hint=N_("An outreach must have one. Empty: it stays."))


class HoursForm(Sure):
    """A week: a day without hours is closed."""

    opens_0, closes_0 = TimeField(N_("Monday, opens")), TimeField(N_("Monday, closes"))
    opens_1, closes_1 = TimeField(N_("Tuesday, opens")), TimeField(N_("Tuesday, closes"))
    opens_2, closes_2 = TimeField(N_("Wednesday, opens")), TimeField(N_("Wednesday, closes"))
    opens_3, closes_3 = TimeField(N_("Thursday, opens")), TimeField(N_("Thursday, closes"))
    opens_4, closes_4 = TimeField(N_("Friday, opens")), TimeField(N_("Friday, closes"))
    opens_5, closes_5 = TimeField(N_("Saturday, opens")), TimeField(N_("Saturday, closes"))
    opens_6, closes_6 = TimeField(N_("Sunday, opens")), TimeField(N_("Sunday, closes"))
    valid_from = DayField(N_("First day"), NO_DAY)
    valid_until = DayField(N_("Last day"), hint=N_("For a time only. Then the hours before hold again."))

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        for day in WEEK:
            opens, closes = self[f"opens_{day}"], self[f"closes_{day}"]
            if (opens.data is None) is not (closes.data is None) and not opens.errors and not closes.errors:
                refuse(closes if closes.data is None else opens, _("Type both times, or none."))
                good = False
        return good

    def week(self) -> dict[int, tuple[time, time]]:
        pairs = {day: (self[f"opens_{day}"].data, self[f"closes_{day}"].data) for day in WEEK}
        return {day: pair for day, pair in pairs.items() if pair[0] is not None}


class DayForm(Said):
    day = DayField(N_("Day"), NO_DAY)
    closed = one_of(N_("What is it?"), default="closed")
    reason = words(N_("Why?"), N_("Type a reason."), hint=N_("Such as: Day of mourning, Gazette Notice 12."), most=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.closed.choices = [
            ("closed", _("All offices are closed")),
            ("open", _("Offices are open: it is no holiday")),
        ]


class SiteForm(Sure):
    """A centre, or an outreach with an end."""

    kind = one_of(N_("What is it?"), default="outreach")
    code = words(N_("Code"), N_("A code is 3 to 6 capital letters and digits, such as GPO."), most=6)
    short_en = words(N_("Short name in English"), hint=N_("For the phone's screen."))
    short_sw = words(N_("Short name in Kiswahili"))
    full_en = words(N_("Full name in English"))
    full_sw = words(N_("Full name in Kiswahili"))
    county = pick(N_("County"))
    town = words(N_("Town"), hint=N_("By which it is found."))
    address = words(N_("Address"), hint=N_("As one finds it. Empty: nobody knows."))
    opens_on = DayField(N_("First day"), hint=N_("Empty: at once."))
    closes_on = DayField(N_("Last day"), hint=N_("An outreach must have one."))
    hours_of = pick(N_("It has the hours of"))

    def offer(self, catalogue: Catalogue) -> None:
        self.kind.choices = [("outreach", _("An outreach, for some days")), ("centre", _("A centre"))]
        counties = [area for area in catalogue.areas.values() if area.parent is None]
        self.county.choices = [(c.code, c.names.spoken) for c in sorted(counties, key=lambda c: c.names.spoken)]
        self.hours_of.choices = [(s.code, s.names.spoken_full) for s in catalogue.sites.values()]


def span(first: Any, last: Any) -> str:
    """From 1 Jan 2026 until 31 Dec 2026, as far as there are such days."""
    words_ = []
    if first.year > 2000:
        words_.append(_("from {day}").format(day=long(first)))
    if last is not None:
        words_.append(_("until {day}").format(day=long(last)))
    return " ".join(words_) or _("always")


def long(day: Any) -> str:
    return f"{dates.month_day(day)} {day.year}"
