"""What is asked about a campaign."""

from datetime import datetime, time, timedelta
from typing import Any

from core.campaigns.criteria import Criteria
from core.catalogue.snapshot import Catalogue
from core.clock import at_local, local_date
from core.messaging import quiet
from core.messaging.tables import Lane
from core.phones import NO_PHONE, parse_phone
from core.wording import LANGUAGES, N_, dates
from core.wording import gettext as _
from web.desk.asking import DayField, DeskForm, NumberField, one_of, pick, refuse, some_of, text, words

LANGUAGE_NAMES = {"en": "English", "sw": "Kiswahili"}
FURTHEST = timedelta(days=60)
"""A campaign is not planned further ahead: the shelf will be another one."""


class NewForm(DeskForm):
    """A campaign about documents on the shelf."""

    name = words(
        N_("Name of the campaign"), N_("Type a name."), hint=N_("For the list, never sent to anybody."), most=80
    )
    services = some_of(N_("Only these services"), hint=N_("None ticked means all."))
    sites = some_of(N_("Only these centres"), hint=N_("None ticked means all."))
    least_days = NumberField(N_("At least so many days on the shelf"), hint=N_("Empty means none."))
    most_days = NumberField(N_("At most so many days on the shelf"), hint=N_("Empty means any number."))

    def offer(self, catalogue: Catalogue) -> None:
        self.services.choices = [(s.code, s.names.spoken_full) for s in catalogue.services.values()]
        self.sites.choices = [(s.code, s.names.spoken_full) for s in catalogue.sites.values()]

    def criteria(self) -> Criteria:
        return Criteria(
            services=tuple(self.services.data or ()),
            sites=tuple(self.sites.data or ()),
            least_days=self.least_days.data or 0,
            most_days=self.most_days.data,
        )


class ReasonForm(DeskForm):
    """Why something is stopped."""

    reason = words(N_("Why?"), N_("Type a reason."), hint=N_("Kept with the campaign for good."), most=200)


class HourForm(DeskForm):
    """When a campaign begins."""

    when = one_of(N_("When does it begin?"), default="now")
    day = DayField(N_("Day"))
    hour = pick(N_("Time"), hint=N_("No campaign is sent in the evening or at night."))

    def offer(self, now: datetime) -> None:
        at = quiet.wakes_at(Lane.BULK, now)
        soon = _("Now") if at == now else _("As soon as it may: {when}").format(when=dates.when(at))
        self.when.choices = [("now", soon), ("later", _("On the day and at the time below"))]
        evening, morning = quiet.RESTS[Lane.BULK]
        halves = [time(hour, minute) for hour in range(24) for minute in (0, 30)]
        self.hour.choices = [
            (f"{half:%H:%M}", dates.hours(half.hour, half.minute)) for half in halves if morning <= half < evening
        ]
        if self.hour.data is None:
            self.hour.data = f"{morning:%H:%M}"

    def validate(self, extra_validators: Any = None) -> bool:
        good = super().validate(extra_validators)
        if self.when.data == "later" and not self.day.errors and self.day.data is None:
            refuse(self.day, _("Type the day."))
        return good and not self.day.errors

    def starts_at(self, now: datetime) -> datetime | None:
        """The moment; None: it is past, or too far ahead, and the form says so."""
        if self.when.data == "now":
            return now
        at = at_local(self.day.data, time.fromisoformat(self.hour.data))
        if at < now:
            refuse(self.day, _("That is past. Type a time to come."))
        elif local_date(at) > local_date(now) + FURTHEST:
            refuse(self.day, _("That is more than {days} days ahead.").format(days=FURTHEST.days))
        else:
            return at
        return None


class CorrectionForm(DeskForm):
    """What a correction says."""

    en = text(N_("In English"), hint=N_("As it will be read: no more than 2 SMS."), most=400)
    sw = text(N_("In Kiswahili"), hint=N_("The same, for those who were told in Kiswahili."), most=400)

    def texts(self) -> dict[str, str]:
        return {language: self[language].data or "" for language in LANGUAGES}


class TrialForm(DeskForm):
    """Where a test goes."""

    phone = words(N_("Phone number"), NO_PHONE, hint=N_("Such as 0712 345 678."), most=30, keys="tel")
    language = one_of(N_("Language"), default="en")

    def offer(self) -> None:
        self.language.choices = list(LANGUAGE_NAMES.items())

    def number(self) -> str:
        """Raises:
        Malformed: it is no phone number.
        """
        return parse_phone(self.phone.data or "")
