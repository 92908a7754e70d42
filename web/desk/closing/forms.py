"""What is asked of whoever closes something."""

from datetime import date, datetime, time

from wtforms import HiddenField

from core.booking.closing import What
from core.booking.closing.errors import CannotClose
from core.catalogue.snapshot import Catalogue, Offering, Site
from core.clock import at_local, local, local_date
from core.wording import N_
from core.wording import gettext as _
from web.desk.asking import DayField, DeskForm, NumberField, TimeField, one_of, pick, words

WHOLE = "centre"


class CloseForm(DeskForm):
    """What is closed, for how long, why, and how those who are booked are told."""

    what = pick(N_("What is closed?"), none=N_("Say what is closed."))
    counters = NumberField(
        N_("How many counters of it?"), least=1, hint=N_("Leave it empty if nobody can be served there.")
    )
    from_day = DayField(N_("From which day?"), N_("Type the first day."))
    from_time = TimeField(N_("From what time?"), N_("Type a time."), hint=N_("Such as 8:30am."))
    until_day = DayField(N_("Until which day?"), N_("Type the last day."), hint=N_("The last day that is closed."))
    until_time = TimeField(N_("Until what time?"), N_("Type a time."), hint=N_("Such as 5:00pm."))
    reason = words(
        N_("Why?"),
        N_("Type a reason."),
        hint=N_("For colleagues. Citizens are told only that the centre has moved their booking."),
        most=200,
    )
    how = one_of(N_("How are those who are booked told?"), default="tell", none=N_("Choose one."))

    @classmethod
    def at(cls, site: Site, catalogue: Catalogue, *, now: datetime, service: str | None) -> "CloseForm":
        """With the choices of a centre; of this service, from now until it shuts, unless something else is typed."""
        today = local_date(now)
        form = cls(
            what=service or WHOLE,
            from_day=today,
            until_day=today,
            from_time=local(now).time(),
            until_time=_closing(site, today),
        )
        services = [(o.service.code, o.service.names.spoken_full) for o in offerings_at(catalogue, site)]
        form.what.choices = [(WHOLE, _("The whole centre")), *sorted(services, key=lambda one: one[1])]
        form.how.choices = ways_of_telling()
        return form

    def span(self) -> tuple[datetime, datetime]:
        """Of a form that has been checked."""
        return (
            at_local(self.from_day.data, self.from_time.data),
            at_local(self.until_day.data, self.until_time.data),
        )

    def what_closes(self, site: Site, catalogue: Catalogue) -> What:
        """Raises:
        CannotClose: counters are of one service.
        """
        if self.what.data == WHOLE:
            if self.counters.data is not None:
                raise CannotClose("counters")
            return What(site)
        return What(site, catalogue.offering(str(self.what.data), site.code), self.counters.data)


class TodayForm(DeskForm):
    """What closes something for the rest of the day: of the day on which its page was shown."""

    day = HiddenField()

    def is_of(self, now: datetime) -> bool:
        """Whether it is still that day."""
        return bool(self.day.data == local_date(now).isoformat())


def ways_of_telling() -> list[tuple[str, str]]:
    """How those whose time is closed are told: the choices of `how`."""
    return [
        ("tell", _("Move them and tell them")),
        ("ask", _("Move them and ask whether the new time is right (YES or NO)")),
    ]


def offerings_at(catalogue: Catalogue, site: Site) -> list[Offering]:
    """What can be booked at a centre."""
    return [offering for offering in catalogue.offerings if offering.site.id == site.id]


def _closing(site: Site, day: date) -> time | None:
    """When the centre shuts that day, where that is known."""
    return max((period.closes for period in site.hours if period.holds_on(day)), default=None)
