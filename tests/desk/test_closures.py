"""Closing at the desk: who is hit is seen first, then it is done, and the page shows how it goes."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.catalogue import tables as rows
from core.catalogue.version import bump_version
from core.clock import NAIROBI, at_local, local_date
from core.messaging.tables import Message
from core.wording import speaking
from tests.desk.bookers import Books, clears, times
from tests.desk.pages import fill, hidden, seen, unseen
from tests.support import NOW
from web.desk.closing.wording import span_line
from web.pages.forms import EXPIRED

OTHER = "PCC"
TODAY = {"from_day": "23/11/2026", "from_time": "10:00", "until_day": "24/11/2026", "until_time": "17:00"}


@pytest.fixture(autouse=True)
def _opened_again(transaction: Any) -> Iterator[None]:
    """The town's catalogue is shared: what a test closes is open for the next."""
    yield
    with transaction() as db:
        if db.execute(sa.delete(rows.Closure).returning(rows.Closure.id)).all():
            bump_version(db)


@pytest.fixture
def books(transaction: Any, register: Any, ledger: Any) -> Books:
    return Books(transaction, register, ledger)


def new(client: Any, **values: str) -> Any:
    answers = TODAY | {"what": "centre", "reason": "no power", "how": "tell", "do": "check"} | values
    return fill(client, "/desk/closures/new?centre=GPO", **answers)


def test_a_manager_sees_who_is_hit_closes_the_centre_and_sees_them_moved(
    desk: Any, books: Books, transaction: Any, catalogue: Any, ledger: Any
) -> None:
    for phone in (1, 2, 3):
        books(phone=phone, nth=phone + 5)
    manager = desk("manager")
    check = new(manager)
    assert "Bookings: 3. Appointments of agencies: 0." in seen(check.text)
    assert "All of them have another time near it." in seen(check.text)
    assert all(local_date(at) == local_date(NOW) for at in times(transaction))

    answer = manager.post("/desk/closures/new?centre=GPO", data=hidden(check.text) | {"do": "it"})
    assert answer.status_code == 303
    again = manager.post("/desk/closures/new?centre=GPO", data=hidden(check.text) | {"do": "it"})
    assert again.location == answer.location
    clears(transaction, catalogue)
    page = manager.get(answer.location)
    assert "3 moved, 0 without a time, 0 left" in seen(page.text)
    assert "no power" in seen(page.text)
    assert "Refresh" not in page.headers
    assert all(local_date(at) > local_date(NOW) + timedelta(days=1) for at in times(transaction))
    with transaction() as db:
        told = db.scalars(sa.select(Message.template).where(Message.template.like("closure%"))).all()
    assert told == ["closure_moved"] * 3
    ledger.is_balanced()


def test_a_page_with_people_left_keeps_itself_up_to_date(desk: Any, books: Books, transaction: Any) -> None:
    books()
    manager = desk("manager")
    with transaction() as db:
        site = db.scalars(sa.select(rows.Site.id).where(rows.Site.code == "GPO")).one()
        closure = rows.Closure(site_id=site, starts_at=NOW, ends_at=NOW + timedelta(days=1), reason="strike")
        db.add(closure)
    page = manager.get(f"/desk/closures/{closure.id}?live=9")
    assert page.headers["Refresh"] == f"5; url=/desk/closures/{closure.id}?live=8"
    listed = manager.get("/desk/closures?live=2")
    assert listed.headers["Refresh"].startswith("5; url=/desk/closures?")
    assert "strike" in seen(listed.text)


def test_the_system_is_down_in_two_taps(desk: Any, books: Books, transaction: Any, catalogue: Any, ledger: Any) -> None:
    books(service="IDR", phone=1)
    books(service=OTHER, phone=2)
    manager = desk("manager")
    listed = manager.get("/desk/closures").text
    agency = catalogue.services["IDR"].agency_id
    assert f"/desk/closures/system-down?centre=GPO&amp;agency={agency}" in listed
    address = f"/desk/closures/system-down?centre=GPO&agency={agency}"
    page = manager.get(address).text
    assert "Bookings: 1." in seen(page)
    answer = manager.post(address, data=hidden(page) | {"do": "it"})
    assert answer.status_code == 303
    clears(transaction, catalogue)
    moved, stays = times(transaction)
    assert (local_date(moved) > local_date(NOW), local_date(stays)) == (True, local_date(NOW))
    listed = manager.get(answer.location).text
    assert listed.count("The system is down</td>") == 1, "one press is one line"
    [number] = set(re.findall(r'href="/desk/closures/(\d+)"', listed))
    shown = manager.get(f"/desk/closures/{number}").text
    assert "1 moved, 0 without a time, 0 left" in seen(shown)
    manager.post(f"/desk/closures/{number}/lift", data=unseen(shown))
    with transaction() as db:
        closed = db.scalars(sa.select(rows.Closure)).all()
    assert len(closed) > 1
    assert all(one.lifted_at for one in closed)
    ledger.is_balanced()


def test_a_page_of_yesterday_shows_again_who_is_hit_before_the_system_is_down(
    desk: Any, books: Books, transaction: Any, catalogue: Any, clock: Any
) -> None:
    books(service="IDR", nth=12)
    address = f"/desk/closures/system-down?centre=GPO&agency={catalogue.services['IDR'].agency_id}"
    clock.time = at_local(local_date(NOW) - timedelta(days=1), time(23, 59, 30))
    manager = desk("manager")
    page = manager.get(address).text
    assert "Bookings: 0." in seen(page)
    clock.time += timedelta(minutes=1)
    again = manager.post(address, data=hidden(page) | {"do": "it"})
    assert "Bookings: 1." in seen(again.text)
    with transaction() as db:
        assert not db.scalars(sa.select(rows.Closure)).all()
    assert manager.post(address, data=hidden(again.text) | {"do": "it"}).status_code == 303


def test_the_only_counter_of_a_service_is_looked_at_before_its_officer_is_absent(
    desk: Any, books: Books, transaction: Any, catalogue: Any
) -> None:
    """All who are booked are hit."""
    alone = next(o.service.code for o in catalogue.offerings if o.site.code == "GPO" and o.counters == 1)
    books(service=alone)
    manager = desk("manager")
    address = f"/desk/closures/absent?centre=GPO&service={alone}"
    assert address.replace("&", "&amp;") in manager.get("/desk/today").text
    check = manager.get(address).text
    assert "Bookings: 1." in seen(check)
    at_once = manager.post("/desk/closures/absent", data=hidden(check) | {"centre": "GPO", "service": alone})
    assert "Bookings: 1." in seen(at_once.text)
    with transaction() as db:
        assert not db.scalars(sa.select(rows.Closure)).all()
    answer = manager.post(address, data=hidden(at_once.text) | {"do": "it"})
    assert "Nobody is moved for 30 seconds" in seen(manager.get(answer.location).text)


def test_an_officer_is_absent_in_one_tap_and_back_in_another(
    desk: Any, books: Books, transaction: Any, catalogue: Any
) -> None:
    for phone in range(1, 5):
        books(phone=phone)
    manager = desk("manager")
    page = manager.get("/desk/today").text
    at_hand, _folded, folded = page.partition("Services that expect nobody else today")
    at_hand = re.sub("<details.*?</details>", "", at_hand, flags=re.S)
    assert re.findall('<button [^>]*value="([A-Z]+)"[^>]*name="service"', at_hand) == ["IDR"]
    assert "NRB: the system is down" in at_hand, "what must be opened first is a tap more"
    assert re.search('<button [^>]*value="IDN"[^>]*name="service"', folded), "and the others can be found"
    data = unseen(page) | {"day": "2026-11-23", "centre": "GPO", "service": "IDR"}
    answer = manager.post("/desk/closures/absent", data=data)
    assert answer.status_code == 303
    shown = manager.get(answer.location).text
    assert "Nobody is moved for 30 seconds" in seen(shown)
    number = re.findall(r"/desk/closures/(\d+)", answer.location)[0]
    manager.post(f"/desk/closures/{number}/lift", data=unseen(shown))
    assert "opened again" in seen(manager.get(f"/desk/closures/{number}").text)
    assert clears(transaction, catalogue, NOW + timedelta(minutes=1)) == 0
    assert len(set(times(transaction))) == 1


def test_a_page_that_was_open_too_long_says_that_nothing_was_done(desk: Any, transaction: Any) -> None:
    manager = desk("manager")
    old = {"csrf_token": "old", "request_key": "x" * 16}
    shown = manager.post("/desk/closures/absent", data=old | {"centre": "GPO", "service": "IDR"})
    assert (shown.status_code, EXPIRED in seen(shown.text)) == (422, True)
    assert manager.get("/desk/closures/absent").location == "/desk/closures", "of no service, there are the buttons"
    with transaction() as db:
        assert not db.scalars(sa.select(rows.Closure)).all()
    new(manager, do="it")
    with transaction() as db:
        number = db.scalars(sa.select(rows.Closure.id)).one()
    answer = manager.post(f"/desk/closures/{number}/lift", data=old)
    assert EXPIRED in seen(manager.get(answer.location).text)
    with transaction() as db:
        assert db.scalars(sa.select(rows.Closure.lifted_at)).all() == [None]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"until_day": "22/11/2026"}, "It ends before it begins."),
        ({"from_day": "2/3/2020", "until_day": "3/3/2020"}, "That is past. Type a time to come."),
        ({"until_day": "24/11/2028"}, "That is longer than a year"),
        ({"what": "IDR", "counters": "99"}, "There are not so many counters."),
        ({"counters": "1"}, "There are not so many counters."),
        ({"reason": ""}, "Type a reason."),
        ({"what": "NOSUCH"}, "Say what is closed."),
        ({"from_time": "ten"}, "Type a time like 8:30am."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk: Any, values: dict[str, str], said: str) -> None:
    answer = new(desk("manager"), **({"reason": "a strike in town"} | values))
    assert answer.status_code == 422
    assert said in answer.text
    if values.get("reason") != "":
        assert "a strike in town" in answer.text


def test_two_sentences_that_are_the_same_name_their_fields(desk: Any) -> None:
    summary = new(desk("manager"), from_time="ten", until_time="8.30 pm x").text.partition("error-summary__list")[2]
    sentences = re.findall(r'<a href="#(\w+)">(.*?)</a>', summary.partition("</ul>")[0])
    assert sentences == [
        ("from_time", "From what time? Type a time like 8:30am."),
        ("until_time", "Until what time? Type a time like 8:30am."),
    ]


def test_the_way_from_a_service_that_is_to_be_switched_off_has_chosen_it(desk: Any) -> None:
    page = desk("manager").get("/desk/closures/new?centre=GPO&service=IDR").text
    assert re.findall(r'<option value="(\w+)" selected', page) == ["IDR"]


def test_changing_ones_mind_keeps_what_was_typed_and_does_nothing(desk: Any, transaction: Any) -> None:
    answer = new(desk("manager"), reason="a strike in town", do="change")
    assert "a strike in town" in answer.text
    with transaction() as db:
        assert not db.scalars(sa.select(rows.Closure)).all()


def test_a_closure_of_another_centre_does_not_exist_for_a_manager(desk: Any, transaction: Any, catalogue: Any) -> None:
    elsewhere = next(site for site in catalogue.sites.values() if site.code != "GPO")
    with transaction() as db:
        closure = rows.Closure(site_id=elsewhere.id, starts_at=NOW, ends_at=NOW + timedelta(days=1), reason="x")
        db.add(closure)
    manager = desk("manager")
    for address in (
        f"/desk/closures/{closure.id}",
        f"/desk/closures?centre={elsewhere.code}",
        f"/desk/closures/new?centre={elsewhere.code}",
        "/desk/closures/system-down?centre=GPO&agency=9999",
        "/desk/closures/999999",
    ):
        assert manager.get(address).status_code == 404, address
    page = manager.get("/desk/closures").text
    assert manager.post(f"/desk/closures/{closure.id}/lift", data=unseen(page)).status_code == 404
    absent = manager.post("/desk/closures/absent", data=unseen(page) | {"centre": elsewhere.code, "service": "IDR"})
    assert absent.status_code == 404
    secretariat = desk("secretariat")
    assert secretariat.get(f"/desk/closures/{closure.id}").status_code == 200
    assert elsewhere.names.full["en"] in secretariat.get("/desk/closures").text


def test_only_who_may_close_sees_closures(desk: Any) -> None:
    for role in ("counter", "agent", "clerk", "auditor", "oversight", "administrator"):
        assert desk(role).get("/desk/closures").status_code == 403, role


def test_the_pages_speak_kiswahili(desk: Any, books: Books) -> None:
    books()
    manager = desk("manager", language="sw")
    manager.get("/language/sw?back=/desk")
    with speaking("sw"):
        assert "Kufungwa" in seen(manager.get("/desk/closures").text)
        assert "Nani" in seen(new(manager).text)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (("2026-11-24 08:10", "2026-11-24 17:00"), "Tue 24 Nov 2026, 8:10am to 5:00pm"),
        (("2026-11-24 08:10", "2026-11-25 00:00"), "Tue 24 Nov 2026, 8:10am to the end of the day"),
        (("2026-11-24 00:00", "2026-11-25 00:00"), "Tue 24 Nov 2026, all day"),
        (("2026-11-24 00:00", "2027-01-02 00:00"), "Tue 24 Nov 2026, 12:00am to Fri 1 Jan 2027, the end of the day"),
    ],
)
def test_when_something_is_closed_reads_as_people_say_it(span: tuple[str, str], said: str) -> None:
    begins, ends = (datetime.fromisoformat(moment).replace(tzinfo=NAIROBI) for moment in span)
    assert span_line(begins, ends) == said
