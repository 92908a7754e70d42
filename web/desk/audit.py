"""The record: who saw and did what, searched, and exported as a file."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.catalogue.snapshot import Catalogue, Service, Site
from core.clock import at_local, local, local_date
from core.db import Session
from core.errors import Malformed
from core.people.audit import record_event
from core.people.tables import Event
from core.references import parse_reference
from core.staff import record, said
from core.staff.record import Position
from core.staff.roles import AT_A_CENTRE, Can
from core.visits.concerning import subjects_numbered
from core.wording import dates, language, speaking
from core.wording import gettext as _
from web.desk.access import needs, officer
from web.desk.asking import DayField
from web.desk.home import place_name
from web.pages.downloads import csv_lines, download
from web.pages.forms import EXPIRED, Form
from web.pages.paging import asked_position, next_page, one_page
from web.work import Work

A_PAGE = 100
BATCH = 2_000
"""Events of the export that are read at once."""
USUAL = timedelta(days=7)
LONGEST = timedelta(days=366)
LONGEST_OF_EVERYBODY = timedelta(days=31)
"""Citizens and Zamu itself do a thousand times more than staff."""
_KEPT_AS = {"name": "what"}
"""What was searched for, as the event of an export has it: its own name is another."""
_SUBJECT = re.compile(r"audit|citizens|messages|[a-z_]+(?::[0-9a-z_-]{1,12})+")
"""As the record names what something was done to, such as booking:42 and lane:bulk. Three have no number."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, and what it means."""

    who: str
    name: str
    about: str
    since: date
    until: date
    everybody: bool
    wrong: Mapping[str, str]
    """What cannot be meant, by field."""
    typed: Mapping[str, str]

    @classmethod
    def read(cls, typed: MultiDict[str, str], today: date) -> "Search":
        """Where a day cannot be read, or it is too long a time, the usual days are taken instead."""
        about = "".join(typed.get("about", "").lower().split()).replace("#", ":")[:60]
        everybody, wrong, days = bool(typed.get("everybody")), {}, {}
        for name in ("since", "until"):
            if day := typed.get(name, "").strip():
                try:
                    days[name] = DayField.parse(day)
                except ValueError as error:
                    wrong[name] = str(error)
        until = days.get("until", today)
        since = days.get("since", until - USUAL)
        longest = LONGEST_OF_EVERYBODY if everybody and not about else LONGEST
        if not wrong and not timedelta(0) <= until - since <= longest:
            wrong["since"] = _("Choose two days in order, at most {number} days apart.").format(number=longest.days)
        if wrong:
            since, until = today - USUAL, today
        if about.isdecimal():
            try:
                about = parse_reference(about)
            except Malformed as error:
                wrong["about"] = str(error)
        elif about and not _SUBJECT.fullmatch(about):
            wrong["about"] = _("Type a number of 8 digits, or what the record calls it, such as staff:3.")
        who, name = typed.get("who", "").strip().lower()[:40], typed.get("name", "")[:60]
        return cls(who, name, about, since, until, everybody, wrong, typed)

    def wanted(self, db: Session) -> record.Search:
        """Of those events that whoever is signed in may read. A number is that of bookings or documents."""
        who = officer()
        numbered = subjects_numbered(db, self.about) if self.about.isdecimal() else []
        subjects = numbered or [self.about] if self.about else []
        return record.Search(
            since=at_local(self.since, time()),
            until=at_local(self.until + timedelta(days=1), time()),
            who=self.who,
            name=self.name,
            subjects=tuple(subjects),
            everybody=self.everybody,
            site_id=who.site_id if who.role in AT_A_CENTRE else None,
        )

    def shown(self, name: str) -> str:
        """A day as its field shows it: as it was typed where it is wrong."""
        return self.typed.get(name, "") if name in self.wrong else f"{getattr(self, name):%d/%m/%Y}"

    def fields(self) -> dict[str, str]:
        """As an address or a form carries it on."""
        return {
            "who": self.who,
            "name": self.name,
            "about": self.about,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
        } | ({"everybody": "yes"} if self.everybody else {})


def create_blueprint(work: Work) -> Blueprint:
    blueprint = Blueprint("audit", __name__, url_prefix="/desk/audit")

    @blueprint.get("")
    @needs(Can.AUDIT)
    def search() -> str:
        """The newest first, page by page."""
        looked = Search.read(request.args, local_date(work.now()))
        with work.reading() as db:
            found = record.events(db, looked.wanted(db), after=asked_position(), limit=A_PAGE + 1)
        events, last = one_page(found, A_PAGE)
        return render_template(
            "desk/audit.html",
            search=looked,
            found=[_row(event, work.catalogue) for event in events],
            next=next_page(last.at, last.id) if last else None,
            names=sorted((said.event(name), name) for name in said.EVENTS),
            wide=officer().role not in AT_A_CENTRE,
            form=Form(),
        )

    @blueprint.post("/export")
    @needs(Can.AUDIT)
    def export() -> BaseResponse:
        """All that was found, as a file; that it was taken is in the record too."""
        looked = Search.read(request.form, local_date(work.now()))
        as_typed: dict[str, Any] = {name: request.form.get(name) for name in looked.fields()}
        search = url_for("audit.search", **as_typed)
        if looked.wrong:
            return redirect(search, 303)
        if not Form().validate_on_submit():
            flash(_(EXPIRED), "refused")
            return redirect(search, 303)
        with work.writing() as db:
            wanted = looked.wanted(db)
            # Ids only: a number opens somebody's booking.
            about = ", ".join(subject for subject in wanted.subjects if not subject.isdecimal())
            searched = looked.fields() | {"about": about}
            kept = {_KEPT_AS.get(field, field): value for field, value in searched.items() if value}
            record_event(db, "audit.exported", "audit", actor=officer().actor, now=work.now(), **kept)
        name = f"zamu-audit-{looked.since}-{looked.until}.csv"
        return download(_lines(work, wanted, language()), name)

    return blueprint


def _row(event: Event, catalogue: Catalogue) -> dict[str, str]:
    return {
        "at": _moment(event.at),
        "who": event.who or said.channel(event.channel),
        "what": said.event(event.name),
        "about": event.subject,
        "details": _told(event.details, catalogue),
    }


def _told(details: Mapping[str, Any], catalogue: Catalogue) -> str:
    """What an event tells besides, as people read it. The file has it as it is kept."""
    known = [name for name in said.DETAILS if name in details]
    names = [*known, *(name for name in details if name not in said.DETAILS)]
    return ", ".join(
        f"{said.detail(name)}: {_plain(name, details[name], catalogue)}" for name in names if details[name] is not None
    )


def _plain(name: str, value: object, catalogue: Catalogue) -> str:
    if isinstance(value, Mapping):
        return f"({_told(value, catalogue)})"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return _named(name, value, catalogue) or str(value)
    if isinstance(value, str):
        return _dated(value) or value
    return json.dumps(value, ensure_ascii=False)


def _named(name: str, number: int, catalogue: Catalogue) -> str:
    """What the catalogue calls a centre, a service or an agency; empty where it is none, or not known now."""
    kind = name.removeprefix("was_").removeprefix("from_").removesuffix("_was").removesuffix("_id")
    offering = catalogue.offering_by_id(number) if kind == "offering" else None
    if offering is not None:
        return f"{offering.service.names.spoken_full}, {offering.site.names.spoken}"
    if kind == "agency":
        return place_name(catalogue, None, number)
    named: Iterable[Site | Service] = ()
    if kind == "site":
        named = catalogue.sites.values()
    elif kind == "service":
        named = catalogue.services.values()
    return next((one.names.spoken_full for one in named if one.id == number), "")


def _dated(text: str) -> str:
    """A moment or a day as people read it; empty where it is neither."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return dates.dated(date.fromisoformat(text))
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+[+-][0-9:]+", text):
            return _moment(datetime.fromisoformat(text))
    except ValueError:
        pass
    return ""


def _moment(at: datetime) -> str:
    """Tue 24 Nov 2026, 8:10am."""
    return f"{dates.dated(local_date(at))}, {dates.clock(at)}"


def _lines(work: Work, wanted: record.Search, tongue: str) -> Iterator[str]:
    """The file, read in batches: a transaction each, none of them long."""
    with speaking(tongue):
        heads = (_("Time"), _("Who"), _("Channel"), _("What"), _("Event"), _("About"), _("Details"))
        yield "\ufeff" + csv_lines([heads])
    after: Position | None = None
    while True:
        with work.reading() as db:
            found = record.events(db, wanted, after=after, limit=BATCH)
        with speaking(tongue):
            lines = csv_lines(
                (
                    local(one.at).isoformat(),
                    one.who or "",
                    one.channel,
                    said.event(one.name),
                    one.name,
                    one.subject,
                    json.dumps(one.details, ensure_ascii=False),
                )
                for one in found
            )
        yield lines
        if len(found) < BATCH:
            return
        after = (found[-1].at, found[-1].id)
