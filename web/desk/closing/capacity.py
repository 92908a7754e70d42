"""How many people a centre takes: each change is first shown with what it does to those who are booked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, time
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField

from core.booking import adjusting, hours
from core.booking.adjusting import Above, Capacity
from core.booking.capacity import hours_of
from core.booking.closing import Impact
from core.booking.closing.errors import CannotChange
from core.catalogue.editing.edit import check_seen, mark_of
from core.catalogue.errors import Outdated
from core.catalogue.snapshot import Offering, Period, Site
from core.clock import local_date
from core.staff.roles import Can
from core.wording import N_, dates
from core.wording import gettext as _
from web.desk.access import look_anew, needs, officer, own_site
from web.desk.asking import NO_NUMBER, DayField, DeskForm, NumberField, TimeField, one_of, refuse
from web.desk.closing import wording
from web.desk.closing.closures import first_batch
from web.desk.closing.forms import offerings_at, ways_of_telling
from web.desk.reach import chosen_site, which_centre
from web.pages import live
from web.work import Work

SHOWN = 10
"""Times with too many people that are named."""
REFUSED = {
    "week": N_("Type the hours of at least one day."),
    "hours": N_("It closes before it opens, or one of the two times is missing."),
    "valid_from": N_("That is past. Type a day to come."),
}


class ChangeForm(DeskForm):
    """A change of what has been looked at: `seen` is the mark of that (core.catalogue.editing.edit)."""

    seen = HiddenField()


class CapacityForm(ChangeForm):
    counters = NumberField(N_("Counters that serve it at once"), NO_NUMBER, least=1)
    minutes = NumberField(N_("Minutes for one person"), NO_NUMBER, least=1)
    daily_quota = NumberField(N_("Most people a day"), hint=N_("Leave it empty if nobody limits the day."))
    lead_minutes = NumberField(
        N_("Minutes ahead that must be booked"), NO_NUMBER, hint=N_("Nobody can book a time that is nearer than this.")
    )
    horizon_days = NumberField(N_("Days ahead that can be booked"), NO_NUMBER, least=1)

    def capacity(self) -> Capacity:
        """Of a form that has been checked."""
        return Capacity(*(self[name].data for name in Capacity.__slots__))


class CapForm(ChangeForm):
    cap = NumberField(
        N_("Most people in one window, over all services"), least=1, hint=N_("Leave it empty if there is no limit.")
    )


class HoursForm(ChangeForm):
    """Two times a day; a day without them is closed."""

    valid_from = DayField(N_("From which day?"), N_("Type the first day."))
    how = one_of(N_("How are those who are booked told?"), default="tell")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in range(7):
            self[f"opens_{day}"].label.text = _("{day}, opens").format(day=dates.weekday(day))
            self[f"closes_{day}"].label.text = _("{day}, closes").format(day=dates.weekday(day))

    def week(self) -> dict[int, tuple[time, time]]:
        """Raises:
        CannotChange: one of two times is missing.
        """
        days = {day: (self[f"opens_{day}"].data, self[f"closes_{day}"].data) for day in range(7)}
        if any((opens is None) != (closes is None) for opens, closes in days.values()):
            raise CannotChange("hours")
        return {day: times for day, times in days.items() if times[0] is not None}


for _day in range(7):
    setattr(HoursForm, f"opens_{_day}", TimeField(""))
    setattr(HoursForm, f"closes_{_day}", TimeField(""))


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("capacity", __name__, url_prefix="/desk/capacity")
    blueprint.before_request(lambda: look_anew(work))

    @blueprint.get("")
    @needs(Can.CAPACITY)
    def capacity() -> str:
        """What each service of a centre can do."""
        site = chosen_site(work.catalogue, request.args.get("centre"))
        if site is None:
            return which_centre(work.catalogue, "capacity.capacity")
        found = sorted(offerings_at(work.catalogue, site), key=lambda offering: offering.service.names.spoken_full)
        return render_template("desk/closing/capacity.html", site=site, offerings=found)

    @blueprint.route("/<site>/<service>", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def offering(site: str, service: str) -> str | Response:
        """Counters, minutes, quota, lead and horizon of one service."""
        here, mine = _find(work, site, service)
        with work.reading() as db:
            has = asdict(adjusting.capacity_of(db, mine))
        form = CapacityForm(**has, seen=mark_of(has))
        if form.validate_on_submit():
            try:
                if _is_sure():
                    with work.writing() as db:
                        adjusting.change_capacity(db, offering=mine, to=form.capacity(), **_who(form), now=work.now())
                    flash(_("Saved: {what}.").format(what=mine.service.names.spoken_full), "done")
                    return redirect(url_for("capacity.capacity", centre=here.code), 303)
                check_seen(form.seen.data or "", has)
                with work.reading() as db:
                    above = adjusting.above(db, mine, form.capacity(), now=work.now())
                lines = [*_new_numbers(form, has), *_above_lines(above)]
                return _sure(form, here, mine.service.names.spoken_full, lines)
            except Outdated as refused:
                return _look_again(refused)
            except CannotChange as refused:
                refuse(form[str(refused)], _("That is more than any centre has, or too little."))
        return _ask(form, here, mine.service.names.spoken_full)

    @blueprint.route("/<site>", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def cap(site: str) -> str | Response:
        """The most people a window at a centre, over all its services."""
        here = own_site(work.catalogue, site)
        with work.reading() as db:
            has = adjusting.cap_of(db, here)
        form = CapForm(cap=has, seen=mark_of(has))
        if form.validate_on_submit():
            try:
                if _is_sure():
                    with work.writing() as db:
                        adjusting.change_cap(db, site=here, cap=form.cap.data, **_who(form), now=work.now())
                    flash(_("Saved: {what}.").format(what=_("The whole centre")), "done")
                    return redirect(url_for("capacity.capacity", centre=here.code), 303)
                check_seen(form.seen.data or "", has)
                with work.reading() as db:
                    above = adjusting.above_cap(db, here, form.cap.data, now=work.now())
                lines = [*_new_numbers(form, {"cap": has}), *_above_lines(above)]
                return _sure(form, here, _("The whole centre"), lines)
            except Outdated as refused:
                return _look_again(refused)
            except CannotChange:
                refuse(form.cap, _("That is more than any centre has, or too little."))
        return _ask(form, here, _("The whole centre"))

    @blueprint.route("/<site>/<service>/hours", methods=["GET", "POST"])
    @needs(Can.CAPACITY)
    def service_hours(site: str, service: str) -> str | Response:
        """When a service is given, by weekday, from a day on: who is outside is moved."""
        here, mine = _find(work, site, service)
        today = local_date(work.now())
        with work.reading() as db:
            has = hours_of(db, mine.id)
        form = HoursForm(valid_from=today, **_times(has, today), seen=mark_of(hours.told(has)))
        form.how.choices = ways_of_telling()
        if form.validate_on_submit():
            try:
                if _is_sure():
                    return _change_hours(work, form, mine)
                check_seen(form.seen.data or "", hours.told(has))
                with work.reading() as db:
                    impact = hours.outside(
                        db,
                        work.catalogue,
                        offering=mine,
                        week=form.week(),
                        valid_from=form.valid_from.data,
                        now=work.now(),
                    )
                return _sure(form, here, mine.service.names.spoken_full, _outside_lines(impact))
            except Outdated as refused:
                return _look_again(refused)
            except CannotChange as refused:
                field = form.valid_from if str(refused) == "valid_from" else form["opens_0"]
                refuse(field, _(REFUSED[str(refused)]))
        return _ask(form, here, mine.service.names.spoken_full, days=[dates.weekday(day) for day in range(7)])

    return blueprint


def _change_hours(work: Work, form: HoursForm, mine: Offering) -> Response:
    """Raises:
    CannotChange: they make no sense.
    Outdated: somebody else has changed them since.
    """
    with work.writing() as db:
        number = hours.change_hours(
            db,
            offering=mine,
            week=form.week(),
            valid_from=form.valid_from.data,
            asking=form.how.data == "ask",
            **_who(form),
            now=work.now(),
        )
    first_batch(work)
    return redirect(url_for("closures.closure", number=number, live=live.TIMES), 303)


def _find(work: Work, code: str, service: str) -> tuple[Site, Offering]:
    site = own_site(work.catalogue, code)
    found = work.catalogue.offering(service, site.code)
    if found is None:
        abort(404)
    return site, found


def _is_sure() -> bool:
    return request.form.get("do") == "it"


def _who(form: ChangeForm) -> dict[str, Any]:
    """Who changes what they have seen, and the key under which that is done once."""
    return {"seen": form.seen.data or "", "actor": officer().actor, "request_key": form.key("desk")}


def _look_again(refused: Outdated) -> Response:
    """To the same form, with what stands there now: what was typed beside what another has changed would undo that."""
    flash(str(refused), "refused")
    return redirect(request.path, 303)


def _ask(form: ChangeForm, site: Site, what: str, days: list[str] | None = None) -> str:
    return render_template("desk/closing/capacity_form.html", form=form, site=site, what=what, days=days)


def _sure(form: ChangeForm, site: Site, what: str, lines: list[str]) -> str:
    return render_template("desk/closing/capacity_check.html", form=form, site=site, what=what, lines=lines)


def _new_numbers(form: ChangeForm, has: Mapping[str, int | None]) -> list[str]:
    """What would be changed, in the words of the form."""
    lines = []
    for name, old in has.items():
        new = form[name].data
        if new != old:
            before, after = ("-" if number is None else number for number in (old, new))
            said = _("{what}: {after}, now {before}.")
            lines.append(said.format(what=form[name].label.text, after=after, before=before))
    return lines


def _above_lines(above: Above) -> list[str]:
    if not above.people:
        return [_("Everybody who is booked still has a place.")]
    lines = [
        _("Too many people for the new capacity: {people}.").format(people=above.people),
        _("They keep their places. No new bookings are taken there until there is room again."),
    ]
    for one in above.crowded[:SHOWN]:
        day = dates.dated(local_date(one.starts_at))
        when = day if one.is_day else f"{day}, {dates.clock(one.starts_at)}"
        lines.append(
            _("{when}: places {places}, booked {people}.").format(when=when, places=one.places, people=one.people)
        )
    if (more := len(above.crowded) - SHOWN) > 0:
        lines.append(_("Other times with too many people: {count}.").format(count=more))
    return lines


def _outside_lines(impact: Impact) -> list[str]:
    if not impact.people:
        return [_("Nobody is booked outside the new hours.")]
    said = _("People booked outside the new hours: {people}. They are moved and told.").format(people=impact.people)
    return [said, wording.moved_line([impact])]


def _times(hours: Sequence[Period], today: date) -> dict[str, time]:
    """The hours that hold now, or that are the next to hold."""
    found: dict[str, time] = {}
    for period in sorted(hours, key=lambda period: period.valid_from, reverse=True):
        if period.valid_until is None or period.valid_until >= today:
            found |= {f"opens_{period.weekday}": period.opens, f"closes_{period.weekday}": period.closes}
    return found
