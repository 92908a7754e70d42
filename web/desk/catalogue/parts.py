"""The parts of a service, a centre and a category: what each form asks, what it shows first, and what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.catalogue.editing import fees, hours, naming, places, services
from core.catalogue.editing.edit import Edit, Thing
from core.catalogue.tables import Named, Service, Site, SiteHours
from core.db import Session
from core.wording import LANGUAGES, N_
from web.desk.catalogue.forms import (
    AddressForm,
    AppointmentForm,
    BringForm,
    FeeForm,
    HoursForm,
    MinutesForm,
    NamesForm,
    Said,
    TownForm,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One form."""

    part: str
    heading: str
    form: type[Said]
    held: Callable[[Session, Thing], dict[str, Any]]
    """What stands in its fields first."""
    act: Callable[[Session, str, Any, Edit], object]
    """Carries it out, for the thing with this code."""
    lines: tuple[str, ...] = ()


def _rename(kind: Named) -> Callable[[Session, str, Any, Edit], object]:
    def act(db: Session, code: str, form: Any, edit: Edit) -> object:
        return naming.rename(db, kind, code, short=form.by_language("short"), full=form.by_language("full"), edit=edit)

    return act


def _list(db: Session, what: Thing) -> dict[str, Any]:
    held = services.list_of(db, what)
    return {language: "\n".join(held[language]) for language in LANGUAGES}


def _column(model: type[Site] | type[Service], *names: str) -> Callable[[Session, Thing], dict[str, Any]]:
    def held(db: Session, what: Thing) -> dict[str, Any]:
        row = db.get_one(model, what.id)
        return {name: getattr(row, name) for name in names}

    return held


def _week(db: Session, what: Thing) -> dict[str, Any]:
    """Of each weekday the hours that hold last."""
    rows = db.scalars(sa.select(SiteHours).where(SiteHours.site_id == what.id).order_by(SiteHours.valid_from)).all()
    held: dict[str, Any] = {}
    for row in rows:
        held |= {f"opens_{row.weekday}": row.opens, f"closes_{row.weekday}": row.closes}
    return held


def _set_fee(db: Session, code: str, form: Any, edit: Edit) -> object:
    days = {"valid_from": form.valid_from.data, "valid_until": form.valid_until.data}
    return fees.set_fee(db, code, amount_kes=form.amount_kes.data, **days, edit=edit)


def _set_hours(db: Session, code: str, form: Any, edit: Edit) -> object:
    days = {"valid_from": form.valid_from.data, "valid_until": form.valid_until.data}
    return hours.set_hours(db, code, week=form.week(), **days, edit=edit)


_NAMES = N_("Names")
_NAME_LINES = (N_("Below it is shown as a phone shows it: a screen has room for 160 characters."),)

PARTS: Mapping[tuple[str, str], Part] = {
    **{
        (kind, "names"): Part("names", _NAMES, NamesForm, naming.names_of, _rename(named), _NAME_LINES)
        for kind, named in (("service", Named.SERVICE), ("centre", Named.SITE), ("category", Named.CATEGORY))
    },
    ("service", "fee"): Part("fee", N_("New fee"), FeeForm, lambda db, what: {}, _set_fee),
    ("service", "bring"): Part(
        "bring",
        N_("What to bring"),
        BringForm,
        _list,
        lambda db, code, form, edit: services.set_list(db, code, texts=form.texts(), edit=edit),
    ),
    ("service", "minutes"): Part(
        "minutes",
        N_("Minutes at the counter"),
        MinutesForm,
        _column(Service, "minutes"),
        lambda db, code, form, edit: services.set_minutes(db, code, minutes=form.minutes.data, edit=edit),
        (N_("Proposed when the service is opened at a centre. Centres where it is open keep theirs."),),
    ),
    ("service", "appointment"): Part(
        "appointment",
        N_("Booking"),
        AppointmentForm,
        _column(Service, "appointment"),
        lambda db, code, form, edit: services.set_appointment(db, code, appointment=form.appointment.data, edit=edit),
    ),
    ("centre", "address"): Part(
        "address",
        N_("Address"),
        AddressForm,
        _column(Site, "address"),
        lambda db, code, form, edit: places.set_address(db, code, address=form.address.data or "", edit=edit),
    ),
    ("centre", "town"): Part(
        "town",
        N_("Town"),
        TownForm,
        _column(Site, "town"),
        lambda db, code, form, edit: places.set_town(db, code, town=form.town.data or "", edit=edit),
    ),
    ("centre", "hours"): Part(
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
