"""The parts of a service, a centre and a category: what each form asks, what it shows first, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.booking import site_days
from core.catalogue.editing import fees, hours, naming, services, sites
from core.catalogue.editing.edit import Edit, Thing
from core.catalogue.tables import Named
from core.db import Session
from core.wording import LANGUAGES, N_
from core.wording import gettext as _
from web.desk.catalogue.forms import (
    AddressForm,
    AppointmentForm,
    BringForm,
    DaysForm,
    FeeForm,
    HoursForm,
    MinutesForm,
    NamesForm,
    Said,
    TownForm,
    long,
)


@dataclass(frozen=True, slots=True)
class PartForm:
    """How a part is changed."""

    part: str
    heading: str
    form: type[Said]
    held: Callable[[Session, Thing], dict[str, Any]]
    """What stands in its fields first."""
    act: Callable[[Session, str, Any, Edit], object]
    """Carries it out, for the thing with this code."""
    lines: tuple[str, ...] = ()
    known: Callable[[Session, Thing, datetime], list[str]] = lambda db, what, now: []
    """What to know before it is changed: the moment is now."""


def _rename(kind: Named) -> Callable[[Session, str, Any, Edit], object]:
    def act(db: Session, code: str, form: Any, edit: Edit) -> object:
        return naming.rename(db, kind, code, short=form.by_language("short"), full=form.by_language("full"), edit=edit)

    return act


def _list(db: Session, what: Thing) -> dict[str, Any]:
    held = services.list_of(db, what)
    return {language: "\n".join(held[language]) for language in LANGUAGES}


def _of(row: Callable[[Session, Thing], object], name: str) -> Callable[[Session, Thing], dict[str, Any]]:
    return lambda db, what: {name: getattr(row(db, what), name)}


def _week(db: Session, what: Thing) -> dict[str, Any]:
    """Of each weekday the hours that hold last."""
    held: dict[str, Any] = {}
    for row in hours.periods(db, what):
        held |= {f"opens_{row.weekday}": row.opens, f"closes_{row.weekday}": row.closes}
    return held


def _set_fee(db: Session, code: str, form: Any, edit: Edit) -> object:
    days = {"valid_from": form.valid_from.data, "valid_until": form.valid_until.data}
    return fees.set_fee(db, code, amount_kes=form.amount_kes.data, **days, edit=edit)


def _set_hours(db: Session, code: str, form: Any, edit: Edit) -> object:
    days = {"valid_from": form.valid_from.data, "valid_until": form.valid_until.data}
    return hours.set_hours(db, code, week=form.week(), **days, edit=edit)


def _days(db: Session, what: Thing) -> dict[str, Any]:
    row = sites.site_row(db, what)
    return {"opens_on": row.opens_on, "closes_on": row.closes_on}


def _set_days(db: Session, code: str, form: Any, edit: Edit) -> object:
    return site_days.set_days(db, code, opens_on=form.opens_on.data, closes_on=form.closes_on.data, edit=edit)


def _days_taken(db: Session, what: Thing, now: datetime) -> list[str]:
    taken = site_days.days_taken(db, what, now=now)
    if taken is None:
        return [_("Nobody has a place there from today on.")]
    return [_("People have places there from {first} to {last}.").format(first=long(taken[0]), last=long(taken[1]))]


_NAMES = N_("Names")
_NAME_LINES = (N_("Below it is shown as a phone shows it: a screen has room for 160 characters."),)

PART_FORMS: Mapping[tuple[str, str], PartForm] = {
    **{
        (kind, "names"): PartForm("names", _NAMES, NamesForm, naming.names_of, _rename(named), _NAME_LINES)
        for kind, named in (("service", Named.SERVICE), ("centre", Named.SITE), ("category", Named.CATEGORY))
    },
    ("service", "fee"): PartForm("fee", N_("New fee"), FeeForm, lambda db, what: {}, _set_fee),
    ("service", "bring"): PartForm(
        "bring",
        N_("What to bring"),
        BringForm,
        _list,
        lambda db, code, form, edit: services.set_list(db, code, texts=form.texts(), edit=edit),
    ),
    ("service", "minutes"): PartForm(
        "minutes",
        N_("Minutes at the counter"),
        MinutesForm,
        _of(services.service_row, "minutes"),
        lambda db, code, form, edit: services.set_minutes(db, code, minutes=form.minutes.data, edit=edit),
        (N_("Proposed when the service is opened at a centre. Centres where it is open keep theirs."),),
    ),
    ("service", "appointment"): PartForm(
        "appointment",
        N_("Booking"),
        AppointmentForm,
        _of(services.service_row, "appointment"),
        lambda db, code, form, edit: services.set_appointment(db, code, appointment=form.appointment.data, edit=edit),
    ),
    ("centre", "address"): PartForm(
        "address",
        N_("Address"),
        AddressForm,
        _of(sites.site_row, "address"),
        lambda db, code, form, edit: sites.set_address(db, code, address=form.address.data or "", edit=edit),
    ),
    ("centre", "town"): PartForm(
        "town",
        N_("Town"),
        TownForm,
        _of(sites.site_row, "town"),
        lambda db, code, form, edit: sites.set_town(db, code, town=form.town.data or "", edit=edit),
    ),
    ("centre", "days"): PartForm(
        "days",
        N_("Days on which it is there"),
        DaysForm,
        _days,
        _set_days,
        (N_("Outside these days nobody can book. Whoever has a place there must be moved before."),),
        _days_taken,
    ),
    ("centre", "hours"): PartForm(
        "hours",
        N_("Opening hours"),
        HoursForm,
        _week,
        _set_hours,
        (
            N_("A day without hours is closed."),
            N_("This is what citizens are told. When a service takes bookings is set with its capacity."),
        ),
    ),
}
