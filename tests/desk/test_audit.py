"""The record: who may read what of it, and how it is found."""

import ast
import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import core
from core.booking.commands import give_up
from core.people.audit import Actor, Intent, record_event
from core.people.tables import Event
from core.references import new_reference
from core.staff import said
from core.staff.roles import Can
from tests.desk.day import day
from tests.desk.pages import fill, seen, token
from tests.desk.papers import papers
from tests.desk.test_hostile import good, who_may
from tests.desk.test_roles import IDENTITY, PHONE, Elsewhere, elsewhere, views
from tests.hostile import filled
from tests.support import NOW
from web.pages.forms import EXPIRED

__all__ = ["day", "elsewhere", "papers", "who_may"]


@pytest.fixture
def happened(transaction):
    """Write an event: what, about what, by whom."""

    def write(name: str, subject: str, who: str | None = None, at=NOW, channel: str = "desk", **details) -> None:
        with transaction() as db:
            record_event(db, name, subject, actor=Actor(channel, who=who), now=at, **details)

    return write


def rows(page: str) -> list[list[str]]:
    body = page.partition("<tbody")[2].partition("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in body.split("</tr>") if "<td" in row]


def found(client, **search: str) -> list[str]:
    return [row[3] for row in rows(client.get("/desk/audit", query_string=search).text)]


def test_it_tells_who_did_what_and_when_in_words_and_in_nairobi(desk, happened) -> None:
    happened("booking.seen", "booking:42", who="counter9", reason="asked", at=NOW - timedelta(hours=1))
    page = desk("auditor").get("/desk/audit")
    assert rows(page.text)[-1] == [
        "Mon 23 Nov 2026, 8:00am",
        "counter9",
        "Looked at a booking",
        "booking:42",
        "reason: asked",
    ]
    happened("booking.new_kind", "booking:43", who="counter9")
    assert "booking.new_kind" in desk("auditor").get("/desk/audit").text, "what has no words is told as it is"


def test_what_an_event_tells_besides_is_told_in_names_and_local_times(desk, happened, catalogue) -> None:
    offering = catalogue.offering("IDR", "GPO")
    details = {
        "ends_at": "2026-11-24T00:00:00+03:00",
        "site_id": offering.site.id,
        "starts_at": "2026-11-23T10:46:47.671277+00:00",
        "offering_id": offering.id,
        "promised_on": "2026-12-01",
        "old": {"counters": 2, "daily_quota": None},
        "given": True,
        "service_id": 999_999,
        "new_kind": "x",
    }
    happened("closure.made", "closure:1", who="amina", **details)
    [row] = rows(desk("auditor").get("/desk/audit", query_string={"who": "amina"}).text)
    assert row[4] == (
        f"centre: {offering.site.names.spoken_full}, service: 999999, "
        f"service: {offering.service.names.spoken_full}, {offering.site.names.spoken}, "
        "begins: Mon 23 Nov 2026, 1:46pm, ends: Tue 24 Nov 2026, 12:00am, promised day: Tue 1 Dec 2026, "
        "before: (counters: 2), answer: yes, new_kind: x"
    )


def test_the_number_of_a_booking_or_a_document_finds_what_was_done_with_it(
    desk, day, papers, happened, transaction
) -> None:
    live, over = day.books(day.times()[9]), day.books(day.times()[10])
    with transaction() as db:
        intent = Intent(day.booking(over).contact_id, "given up", Actor("ussd"), "en", NOW)
        give_up(db, intent, reference=over.reference)
    paper = papers.make()
    happened("document.seen", f"document:{papers.get(paper).id}", who="amina")
    wanted = {
        live.reference: f"booking:{live.id}",
        f"{over.reference[:4]} {over.reference[4:]}": f"booking:{over.id}",
        paper: f"document:{papers.get(paper).id}",
    }
    auditor, manager = desk("auditor"), desk("manager")
    for number, subject in wanted.items():
        assert set(found(auditor, about=number)) == {subject}
        assert found(manager, about=number) == [], "what their own colleagues did, and nothing else"
    assert found(auditor, about=new_reference()) == []
    mistyped = auditor.get("/desk/audit", query_string={"about": "12345678"}).text
    assert "That number is not right. Check each digit." in mistyped


def test_it_is_searched_by_who_what_about_what_and_days(desk, happened) -> None:
    happened("booking.seen", "booking:1", who="amina")
    happened("booking.served", "booking:1", who="juma")
    happened("booking.served", "booking:2", who="juma", at=NOW - timedelta(days=40))
    happened("booking.confirmed", "booking:3", channel="ussd")
    client = desk("auditor")
    assert found(client, who=" AMINA") == ["booking:1"]
    assert found(client, name="booking.served") == ["booking:1"]
    assert found(client, about="booking 1".replace(" ", ":")) == ["booking:1", "booking:1"]
    assert found(client, name="booking.served", since="2026-10-01", until="2026-10-31") == ["booking:2"]
    assert found(client) == ["booking:1", "booking:1"]
    assert found(client, everybody="yes") == ["booking:3", "booking:1", "booking:1"]
    happened("citizens.searched", "citizens", who="amina")
    assert found(client, about="citizens") == ["citizens"]
    assert "There is a problem" not in client.get("/desk/audit", query_string={"about": "citizens"}).text
    assert found(client, about="booking:3") == ["booking:3"], "a citizen's own deeds too, once one asks about one thing"


@pytest.mark.parametrize("about", ["0711 000 101", "Wanjiru", "phone:+254711000101"])
def test_what_is_no_number_of_ours_is_told_and_never_kept(desk, happened, transaction, about) -> None:
    """A phone in the record would be there for ever."""
    client = desk("auditor")
    happened("booking.served", "booking:1", who="amina")
    form = {"csrf_token": token(client.get("/desk/audit").text)}
    assert "There is a problem" in client.get("/desk/audit", query_string={"about": about}).text
    refused = client.post("/desk/audit/export", data=form | {"about": about})
    assert refused.status_code == 303
    with transaction() as db:
        assert db.scalars(sa.select(Event).where(Event.name == "audit.exported")).all() == []


@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-02", "2026-11-01"), ("2020-01-01", "2026-11-01"), ("yesterday", "2026-11-01"),
                         ("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")]
)  # fmt: skip
def test_days_that_cannot_be_meant_are_told(desk, since, until) -> None:
    page = desk("auditor").get("/desk/audit", query_string={"since": since, "until": until})
    assert page.status_code == 200
    assert "There is a problem" in page.text


def test_it_is_read_page_by_page_without_losing_or_repeating_any(desk, happened) -> None:
    for nth in range(230):
        happened("booking.seen", f"booking:{nth}", who="amina", at=NOW - timedelta(minutes=nth // 3))
    client, seen, address = desk("auditor"), [], "/desk/audit"
    while address:
        page = client.get(address.replace("&amp;", "&")).text
        seen += [row[3] for row in rows(page)]
        match = re.search(r'rel="next" href="([^"]+)"', page)
        address = match[1] if match else ""
    assert len(seen) == len(set(seen)) == 230


def test_a_manager_reads_what_concerns_the_own_staff_and_nothing_else(desk, happened) -> None:
    manager, own, other = desk("manager"), desk("counter").officer, desk("counter", site="MSA").officer
    happened("booking.seen", "booking:1", who=own.username)
    happened("booking.seen", "booking:2", who=other.username)
    happened("booking.confirmed", "booking:1", channel="ussd")
    happened("staff.locked", f"staff:{own.id}")
    happened("staff.locked", f"staff:{other.id}")
    happened("staff.added", f"staff:{own.id}", who="admin")
    assert sorted(found(manager)) == ["booking:1", f"staff:{own.id}", f"staff:{own.id}"]
    assert found(manager, who=other.username) == []
    assert found(manager, about="booking:2", everybody="yes") == []
    assert found(manager, about="booking:1", everybody="yes") == ["booking:1"]
    assert sorted(found(desk("auditor"), everybody="yes")).count("booking:2") == 1


def test_a_manager_reads_what_a_colleague_did_while_at_the_own_centre(desk, happened, transaction, catalogue) -> None:
    there, here, colleague = desk("manager"), desk("manager", site="MSA"), desk("counter", site="MSA").officer
    gpo, mombasa = catalogue.sites["GPO"].id, catalogue.sites["MSA"].id
    for hour, what in enumerate(("booking:1", None, "booking:2", None, "booking:3")):
        at = NOW - timedelta(hours=6 - hour)
        if what:
            happened("booking.seen", what, who=colleague.username, at=at)
        else:
            places = {"site": gpo, "site_was": mombasa} if hour == 1 else {"site": mombasa, "site_was": gpo}
            happened("staff.changed", f"staff:{colleague.id}", who="admin", at=at, **places)
    assert [about for about in found(there) if about.startswith("booking")] == ["booking:2"]
    assert [about for about in found(here) if about.startswith("booking")] == ["booking:3", "booking:1"]


def test_the_export_holds_all_that_was_found_and_is_in_the_record_itself(
    desk, happened, transaction, monkeypatch
) -> None:
    monkeypatch.setattr("web.desk.audit.BATCH", 3)
    for nth in range(7):
        happened("booking.seen", f"booking:{nth}", who="amina", word="=1+1")
    happened("booking.seen", "booking:99", who="juma")
    client = desk("auditor")
    page = client.get("/desk/audit?who=amina").text
    form = page.partition('action="/desk/audit/export"')[2].partition("</form>")[0]
    typed = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form))
    answer = client.post("/desk/audit/export", data=typed)
    assert answer.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert lines[0] == ["Time", "Who", "Channel", "What", "Event", "About", "Details"]
    assert sorted(line[5] for line in lines[1:]) == [f"booking:{nth}" for nth in range(7)]
    with transaction() as db:
        taken = db.scalars(sa.select(Event).where(Event.name == "audit.exported")).one()
    assert (taken.who, taken.details["who"]) == (client.officer.username, "amina")
    refused = client.post("/desk/audit/export", data=typed | {"csrf_token": "forged"})
    assert EXPIRED in seen(client.get(refused.location).text), "and what was searched for stands there still"
    assert "who=amina" in refused.location


@pytest.mark.parametrize(
    ("search", "exported"),
    [
        ({"who": "juma"}, ["booking:2", "booking:1"]),
        ({"name": "booking.served"}, ["booking:2", "booking:1"]),
        ({"about": "booking:1"}, ["booking:1", "booking:1"]),
        ({"since": "2026-11-23", "until": "2026-11-23"}, ["booking:1", "booking:1"]),
        ({"everybody": "yes"}, ["booking:3", "booking:2", "booking:1", "booking:1"]),
        ({"who": "juma", "name": "booking.served", "about": "booking:2", "since": "2026-11-20"}, ["booking:2"]),
    ],
)
def test_whatever_was_searched_for_is_exported(desk, happened, transaction, search, exported) -> None:
    happened("booking.seen", "booking:1", who="amina")
    happened("booking.served", "booking:1", who="juma")
    happened("booking.served", "booking:2", who="juma", at=NOW - timedelta(days=2))
    happened("booking.confirmed", "booking:3", channel="ussd")
    client = desk("auditor")
    form = client.get("/desk/audit", query_string=search).text.partition('action="/desk/audit/export"')[2]
    typed = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form.partition("</form>")[0]))
    lines = list(csv.reader(io.StringIO(client.post("/desk/audit/export", data=typed).text)))[1:]
    assert sorted(line[5] for line in lines if line[5] != "audit") == sorted(exported)
    with transaction() as db:
        kept = db.scalars(sa.select(Event.details).where(Event.name == "audit.exported")).one()
    assert kept.items() >= {("what" if field == "name" else field): value for field, value in search.items()}.items()


SEEN_ON = {
    "today.today": "visits.seen",
    "day_list.day_list": "visits.seen",
    "visits.visit": "booking.seen",
    "visits.served": "booking.seen",
    "turned_away.why": "booking.seen",
    "sent_by_agency.appointment": "appointment.seen",
    "citizens.citizen": "citizen.seen",
    "messages.of_phone": "messages.seen",
    "document.document": "document.seen",
    "collection.collect": "document.seen",
    "shelf.label": "document.seen",
    "shelf.labels": "document.seen",
}
"""Pages that show somebody's phone, identity or booking, and what whoever looks leaves in the record."""
SEARCHED_ON = {
    "/desk/today": ("scanned", "visits.searched"),
    "/desk/citizens": ("text", "citizens.searched"),
    "/desk/messages": ("phone", "messages.searched"),
}


def test_whoever_sees_somebody_or_searches_leaves_a_trace(app, who_may, elsewhere: Elsewhere, clock, transaction):
    clock.time += timedelta(days=1)  # to the day of the visit

    def left(client) -> list[tuple[str, str]]:
        mine = sa.select(Event.name, Event.subject).where(Event.who == client.officer.username).order_by(Event.id)
        with transaction() as db:
            return [(name, about) for name, about in db.execute(mine) if name.endswith((".seen", ".searched"))]

    traces = {}
    scanning = who_may(Can.HANDLE_DOCUMENTS)
    fill(scanning, "/desk/documents?task=look", scanned=elsewhere.number)  # to have labels to print
    assert left(scanning)[-1][0] == "document.seen"
    for rule, needed in views(app, "GET"):
        client = who_may(needed)
        elsewhere.met_by(client.officer)
        address, before = filled(rule, good(elsewhere)), len(left(client))
        page = client.get(address + "?centre=MSA&reason=system_down")
        new = {name for name, _about in left(client)[before:]}
        if new:
            traces[rule.endpoint] = new
        if page.status_code == 200 and page.mimetype == "text/html" and rule.endpoint not in SEEN_ON:
            assert not re.search(rf"\b({PHONE[-3:]}|{IDENTITY[-3:]})\b", seen(page.text)) or new, address
    assert {endpoint: traces.get(endpoint) for endpoint in SEEN_ON} == {page: {name} for page, name in SEEN_ON.items()}
    for address, (field, name) in SEARCHED_ON.items():
        client = who_may(Can.SERVE)
        fill(client, address, **{field: PHONE})
        assert left(client)[-1][0] == name, address


def test_every_event_that_core_records_has_words() -> None:
    """Their names are written out in core, but for those of a campaign's states."""
    written = {
        constant.value
        for path in Path(core.__file__).parent.rglob("*.py")
        for constant in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(constant, ast.Constant)
        and isinstance(constant.value, str)
        and re.fullmatch(r"[a-z_]+\.(?!csv$|xml$|po$|id$|test$)[a-z_]+", constant.value)
    }
    assert len(written) > 50
    assert written - set(said.EVENTS) == set()
