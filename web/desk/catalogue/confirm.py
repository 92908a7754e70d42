"""Confirming what the catalogue says, as it stands: the page shows it, and only what was shown is confirmed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, redirect
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue.editing import fees, hours, services, sites
from core.catalogue.editing.edit import Edit, Thing, mark_of
from core.catalogue.editing.naming import names_of
from core.catalogue.tables import Fee, Named, Part
from core.db import Session
from core.staff.roles import Can
from core.wording import LANGUAGES, N_, dates
from core.wording import gettext as _
from web.desk.access import needs
from web.desk.catalogue.changing import KINDS, address_of, confirm, day_in, done, found, title
from web.desk.catalogue.forms import Confirming, span
from web.work import Work


@dataclass(frozen=True, slots=True)
class PartAsItStands:
    """A part that can be confirmed."""

    heading: str
    held: Callable[[Session, Thing], Any]
    """What stands there, as its command compares it."""
    lines: Callable[[Session, Thing], list[str]]
    """And as the page shows it."""
    act: Callable[[Session, str, str, Edit], object]
    """Confirms it of the thing with this code, if it is still what was seen."""


def add_confirming(blueprint: Blueprint, work: Work) -> None:
    """Add the pages that confirm something to the catalogue's, and the one that takes a fee away."""

    @blueprint.route("/<any(service, centre):kind>/<code>/<part>/verify", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def verify(kind: str, code: str, part: str) -> str | BaseResponse:
        """Confirm a part as it stands."""
        one = CONFIRMED.get((kind, part)) or abort(404)
        form = Confirming()

        def act(db: Session) -> object:
            return one.act(db, code, form.seen.data or "", form.edit(work))

        if form.validate_on_submit() and done(work, form, act):
            return redirect(address_of(kind, code), 303)
        with work.reading() as db:
            what = found(db, KINDS[kind], code)
            caption, lines = title(names_of(db, what), code), one.lines(db, what)
            form.seen.data = mark_of(one.held(db, what))
        button = _("It is right as it stands")
        return confirm(
            form, heading=_(one.heading), caption=caption, lines=lines, button=button, back=address_of(kind, code)
        )

    @blueprint.route("/service/<code>/fee/<day>/<any(verify, drop):what>", methods=["GET", "POST"])
    @needs(Can.CATALOGUE)
    def one_fee(code: str, day: str, what: str) -> str | BaseResponse:
        """Confirm a fee as it stands, or take away one that has not begun."""
        form, valid_from = Confirming(), day_in(day)

        def act(db: Session) -> object:
            if what == "drop":
                return fees.drop_fee(db, code, valid_from=valid_from, edit=form.edit(work))
            seen = form.seen.data or ""
            return fees.verify_fee(db, code, valid_from=valid_from, seen=seen, edit=form.edit(work))

        # When it is pressed again the fee is gone: the command knows what came of the first press.
        if form.validate_on_submit() and done(work, form, act):
            return redirect(address_of("service", code), 303)
        with work.reading() as db:
            row, caption = _fee(db, code, valid_from)
            form.seen.data = mark_of(fees.told(row))
        heading = _("Confirm the fee") if what == "verify" else _("Take the fee away")
        button = _("It is right as it stands") if what == "verify" else heading
        return confirm(form, heading=heading, caption=caption, button=button, back=address_of("service", code))


def _fee(db: Session, code: str, valid_from: Any) -> tuple[Fee, str]:
    """The fee, and what it is called."""
    service = found(db, Named.SERVICE, code)
    row = next((fee for fee in fees.fee_rows(db, service) if fee.valid_from == valid_from), None) or abort(404)
    amount = _("Not known") if row.amount_kes is None else f"KES {row.amount_kes:,}"
    return row, f"{title(names_of(db, service), code)}: {amount}, {span(row.valid_from, row.valid_until)}"


def _bring_lines(db: Session, what: Thing) -> list[str]:
    held = services.list_of(db, what)
    names = {"en": "English", "sw": "Kiswahili"}
    return [f"{names[language]}: {'; '.join(held[language])}" for language in LANGUAGES]


def _hours_lines(db: Session, what: Thing) -> list[str]:
    return [
        f"{dates.weekday(row.weekday)}, {span(row.valid_from, row.valid_until)}: "
        f"{dates.hours(row.opens.hour, row.opens.minute)} - {dates.hours(row.closes.hour, row.closes.minute)}"
        for row in hours.periods(db, what)
    ]


def _of_site(part: Part, heading: str) -> PartAsItStands:
    def held(db: Session, what: Thing) -> str:
        return str(getattr(sites.site_row(db, what), part))

    def act(db: Session, code: str, seen: str, edit: Edit) -> object:
        return sites.verify(db, code, part, seen=seen, edit=edit)

    return PartAsItStands(heading, held, lambda db, what: [held(db, what)], act)


CONFIRMED: Mapping[tuple[str, str], PartAsItStands] = {
    ("service", "bring"): PartAsItStands(
        N_("Confirm what to bring"),
        services.list_of,
        _bring_lines,
        lambda db, code, seen, edit: services.verify_list(db, code, seen=seen, edit=edit),
    ),
    ("centre", "hours"): PartAsItStands(
        N_("Confirm the opening hours"),
        hours.hours_of,
        _hours_lines,
        lambda db, code, seen, edit: hours.verify_hours(db, code, seen=seen, edit=edit),
    ),
    ("centre", "town"): _of_site(Part.TOWN, N_("Confirm the town")),
    ("centre", "address"): _of_site(Part.ADDRESS, N_("Confirm the address")),
}
