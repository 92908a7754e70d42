"""The record: who saw and did what, searched, and exported as a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.clock import at_local, local, local_date
from core.people.audit import record_event
from core.people.tables import Event
from core.staff import record, said
from core.staff.record import Position
from core.staff.roles import AT_A_CENTRE, Can
from core.wording import gettext as _
from core.wording import language, speaking
from web.desk.access import needs, officer
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


@dataclass(frozen=True, slots=True)
class Search:
    """What was typed, and what it means."""

    who: str
    name: str
    about: str
    since: date
    until: date
    everybody: bool
    wrong: str | None = None

    @classmethod
    def read(cls, typed: MultiDict[str, str], today: date) -> "Search":
        """A day that cannot be read, or too long a time, is told in `wrong`; the usual days are taken instead."""
        about = "".join(typed.get("about", "").lower().split()).replace("#", ":")[:60]
        everybody, wrong = bool(typed.get("everybody")), None
        try:
            until = date.fromisoformat(typed.get("until") or today.isoformat())
            since = date.fromisoformat(typed.get("since") or (until - USUAL).isoformat())
            longest = LONGEST_OF_EVERYBODY if everybody and not about else LONGEST
            if not timedelta(0) <= until - since <= longest or until.year > today.year + 1 or since.year < 2000:
                wrong = _("Choose two days in order, at most {number} days apart.").format(number=longest.days)
        except ValueError:
            wrong = _("Type each day like {example}.").format(example=today.isoformat())
        if wrong:
            since, until = today - USUAL, today
        who, name = typed.get("who", "").strip().lower()[:40], typed.get("name", "")[:60]
        return cls(who, name, about, since, until, everybody, wrong)

    def wanted(self) -> record.Search:
        """Of those events that whoever is signed in may read."""
        who = officer()
        return record.Search(
            since=at_local(self.since, time()),
            until=at_local(self.until + timedelta(days=1), time()),
            who=self.who,
            name=self.name,
            subject=self.about,
            everybody=self.everybody,
            site_id=who.site_id if who.role in AT_A_CENTRE else None,
        )

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
            found = record.events(db, looked.wanted(), after=asked_position(), limit=A_PAGE + 1)
        events, last = one_page(found, A_PAGE)
        return render_template(
            "desk/audit.html",
            search=looked,
            found=[_row(event) for event in events],
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
        if not Form().validate_on_submit():
            flash(_(EXPIRED), "refused")
            fields: dict[str, Any] = looked.fields()
            return redirect(url_for("audit.search", **fields), 303)
        kept = {_KEPT_AS.get(field, field): value for field, value in looked.fields().items() if value}
        with work.writing() as db:
            record_event(db, "audit.exported", "audit", actor=officer().actor, now=work.now(), **kept)
        name = f"zamu-audit-{looked.since}-{looked.until}.csv"
        return download(_lines(work, looked.wanted(), language()), name)

    return blueprint


def _row(event: Event) -> dict[str, str]:
    return {
        "at": f"{local(event.at):%Y-%m-%d %H:%M:%S}",
        "who": event.who or said.channel(event.channel),
        "what": said.event(event.name),
        "about": event.subject,
        "details": ", ".join(f"{name}: {_plain(value)}" for name, value in event.details.items() if value is not None),
    }


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
