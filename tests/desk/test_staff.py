"""Colleagues: who may see and help whom, and what they are shown once."""

import re

import argon2
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.people.tables import Event
from core.staff.tables import Staff

NEW = "/desk/staff/new"


def fields(page: TestResponse) -> dict[str, str]:
    """What the first form of the page carries unseen."""
    main = page.text.partition("<main")[2]
    names = ("csrf_token", "request_key", "seen")
    found = {name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', main) for name in names}
    return {name: value[1] for name, value in found.items() if value}


def press(client: FlaskClient, staff_id: int, what: str, **changed: str) -> TestResponse:
    page = client.get(f"/desk/staff/{staff_id}")
    assert page.status_code == 200
    return client.post(f"/desk/staff/{staff_id}/{what}", data=fields(page) | changed)


@pytest.fixture
def row(transaction):
    def find(username: str) -> Staff | None:
        with transaction() as db:
            return db.scalar(sa.select(Staff).where(Staff.username == username))

    return find


@pytest.fixture
def events(transaction):
    def read() -> list[tuple[str, str, str]]:
        with transaction() as db:
            found = db.scalars(sa.select(Event).where(Event.name.like("staff.%")).order_by(Event.id))
            return [(event.name, event.who, event.subject) for event in found]

    return read


def test_a_manager_adds_a_counter_officer_of_their_own_centre_once(desk, row, events) -> None:
    client = desk("manager")
    typed = fields(client.get(NEW)) | {"username": " PF-20771 ", "name": "Baraka  Otieno", "language": "sw"}
    pages = [client.post(NEW, data=typed) for _twice in range(2)]
    added = row("pf-20771")
    assert (added.name, added.role, added.site_id, added.language) == (
        "Baraka Otieno", "counter", client.officer.site_id, "sw",
    )  # fmt: skip
    shown = [re.findall(r"\b[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}\b", page.text) for page in pages]
    assert len(shown[0]) == 1
    assert shown[0] == shown[1], "sent twice, it shows the same one"
    assert argon2.PasswordHasher().verify(added.password, shown[0][0])
    assert shown[0][0] not in client.get(f"/desk/staff/{added.id}").text
    assert added.must_change_password
    assert events() == [("staff.added", client.officer.username, f"staff:{added.id}")]


def test_an_administrator_adds_anybody_where_they_belong(desk, row, catalogue) -> None:
    client = desk("administrator")
    for role, extra in (("manager", {"site": "MSA"}), ("clerk", {"agency": _agency(catalogue)}), ("auditor", {})):
        typed = fields(client.get(NEW)) | {"username": f"new-{role}", "name": "New One", "role": role} | extra
        assert "Temporary password" in client.post(NEW, data=typed).text
        added = row(f"new-{role}")
        assert (added.role, bool(added.site_id), bool(added.agency_id)) == (role, role == "manager", role == "clerk")


def _agency(catalogue) -> str:
    return str(next(iter(catalogue.services.values())).agency_id)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"username": "a b"}, "Type the staff number"),
        ({"name": ""}, "Type the name as colleagues know it"),
        ({"role": "emperor"}, "Choose what they do"),
        ({"role": "manager"}, "Choose the centre they work at"),
        ({"role": "clerk", "agency": "999"}, "Choose the agency they work for"),
        ({"username": "auditor2"}, "This staff number has an account already"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(desk, row, typed, sentence) -> None:
    client = desk("administrator")
    desk("auditor")
    given = {"username": "newcomer", "name": "Newcomer", "role": "auditor"} | typed
    page = client.post(NEW, data=fields(client.get(NEW)) | given)
    assert page.text.count(sentence) == 2, "beside the field and at the top"
    assert given["name"] in page.text
    assert row("newcomer") is None


def test_a_manager_gives_no_role_but_counter_officer_and_no_other_centre(desk, row) -> None:
    client = desk("manager")
    typed = fields(client.get(NEW)) | {"username": "sly", "name": "Sly", "role": "administrator", "site": "MSA"}
    client.post(NEW, data=typed)
    assert row("sly") is None
    client.post(NEW, data=typed | {"role": "counter"})
    assert row("sly").site_id == client.officer.site_id


def test_a_manager_sees_and_helps_only_counter_officers_of_the_own_centre(desk) -> None:
    client, own = desk("manager"), desk("counter").officer
    others = [desk("counter", site="MSA"), desk("manager"), desk("administrator"), desk("clerk")]
    page = client.get("/desk/staff").text
    assert own.username in page
    for other in (*others, client):
        assert f">{other.officer.username}<" not in page
        assert client.get(f"/desk/staff/{other.officer.id}").status_code == 404
        token = fields(client.get(f"/desk/staff/{own.id}"))
        for what in ("off", "on", "password", "phone", "codes", "change"):
            assert client.post(f"/desk/staff/{other.officer.id}/{what}", data=token).status_code == 404


def test_an_administrator_helps_everybody_but_themselves(desk) -> None:
    client = desk("administrator")
    for other in (desk("administrator"), desk("manager"), desk("auditor"), desk("counter", site="MSA")):
        assert client.get(f"/desk/staff/{other.officer.id}").status_code == 200
    assert client.get(f"/desk/staff/{client.officer.id}").status_code == 404
    assert client.get(f"/desk/staff/{client.officer.id}/change").status_code == 404


def test_an_officer_who_changes_keeps_the_account_and_is_signed_out(desk, row, transaction) -> None:
    client, other = desk("administrator"), desk("counter")
    assert other.get("/desk").status_code == 200
    page = client.get(f"/desk/staff/{other.officer.id}/change")
    assert re.search(r'value="counter"[^>]*checked', page.text)
    assert re.search(r'value="GPO"[^>]*selected', page.text)
    typed = fields(page) | {"name": "Amina  Njeri", "role": "manager", "site": "MSA", "language": "sw"}
    for _twice in range(2):
        assert client.post(f"/desk/staff/{other.officer.id}/change", data=typed).status_code == 302
    assert re.search(r"Centre manager, [^<]*Mombasa", client.get(f"/desk/staff/{other.officer.id}").text)
    assert other.get("/desk").status_code == 302
    changed = row(other.officer.username)
    assert (changed.name, changed.role, changed.language) == ("Amina Njeri", "manager", "sw")
    with transaction() as db:
        told = db.scalars(sa.select(Event).where(Event.name == "staff.changed")).one()
    assert told.details == {
        "role": "manager", "role_was": "counter", "site": changed.site_id, "site_was": other.officer.site_id,
        "language": "sw", "language_was": "en", "renamed": True,
    }  # fmt: skip
    refused = client.post(f"/desk/staff/{other.officer.id}/change", data=typed | {"role": "clerk"})
    assert refused.text.count("Choose the agency they work for") == 2
    assert row(other.officer.username).role == "manager"


def test_what_a_colleague_has_changed_meanwhile_is_shown_before_it_is_overwritten(desk, row) -> None:
    clients, other = [desk("administrator"), desk("administrator")], desk("counter").officer
    address, both = f"/desk/staff/{other.id}/change", {"role": "counter", "site": "GPO", "language": "en"}
    pages = [client.get(address) for client in clients]
    moved = fields(pages[0]) | both | {"name": other.name, "site": "MSA"}
    assert clients[0].post(address, data=moved).status_code == 302
    named = fields(pages[1]) | both | {"name": "Amina Njeri"}
    refused = clients[1].post(address, data=named)
    assert re.search(rf"It is now: {other.name}, Counter officer, [^<]*Mombasa", refused.text)
    assert 'value="Amina Njeri"' in refused.text
    assert row(other.username).name == other.name
    assert clients[1].post(address, data=named | {"seen": ""}).status_code == 422, "a page that shows nothing"
    assert row(other.username).site_id != other.site_id
    assert clients[1].post(address, data=named | fields(refused)).status_code == 302
    assert (row(other.username).name, row(other.username).site_id) == ("Amina Njeri", other.site_id)


def test_a_manager_changes_name_and_language_and_sends_nobody_elsewhere(desk, row) -> None:
    client, other = desk("manager"), desk("counter")
    page = client.get(f"/desk/staff/{other.officer.id}/change")
    assert 'name="role"' not in page.text
    sly = fields(page) | {"name": "Amina Njeri", "language": "sw", "site": "MSA"}
    client.post(f"/desk/staff/{other.officer.id}/change", data=sly | {"role": "manager"})
    assert row(other.officer.username).name == other.officer.name
    client.post(f"/desk/staff/{other.officer.id}/change", data=sly)
    changed = row(other.officer.username)
    assert (changed.name, changed.language, changed.role) == ("Amina Njeri", "sw", "counter")
    assert changed.site_id == other.officer.site_id
    assert other.get("/desk").status_code == 200, "neither ends the session"


def test_switching_off_ends_the_session_at_once_and_switching_on_gives_no_session(desk, row) -> None:
    client, other = desk("manager"), desk("counter")
    assert other.get("/desk").status_code == 200
    assert press(client, other.officer.id, "off").location == f"/desk/staff/{other.officer.id}"
    assert other.get("/desk").status_code == 302
    assert "This account is switched off" in client.get(f"/desk/staff/{other.officer.id}").text
    press(client, other.officer.id, "on")
    assert row(other.officer.username).active
    assert other.get("/desk").status_code == 302


def test_a_new_password_and_codes_are_shown_once_and_a_second_press_of_the_form_does_nothing_more(
    desk, row, events
) -> None:
    client, other = desk("manager"), desk("counter").officer
    typed = fields(client.get(f"/desk/staff/{other.id}"))
    for what, shown in (
        ("password", r"<h1[^>]*>\s*([a-z0-9-]{14})\s*</h1>"),
        ("codes", r"<code>([a-z0-9-]{14})</code>"),
    ):
        given = typed | {"request_key": f"{what}-0123456789abcdef"}
        pages = [client.post(f"/desk/staff/{other.id}/{what}", data=given) for _twice in range(2)]
        found = [re.findall(shown, page.text) for page in pages]
        assert found[0]
        assert found[0] == found[1]
        assert len(found[0]) == (1 if what == "password" else 10)
        assert found[0][0] not in client.get(f"/desk/staff/{other.id}").text
    changed = row(other.username)
    assert changed.must_change_password
    assert changed.password != other.password
    assert changed.fs_uniquifier != other.fs_uniquifier
    assert len(changed.mf_recovery_codes) == 10
    assert [name for name, _who, _subject in events()] == ["staff.password_given", "staff.codes_printed"]


def test_a_lost_phone_is_forgotten(desk, row, transaction) -> None:
    client, other = desk("manager"), desk("counter").officer
    with transaction() as db:
        db.execute(
            sa.update(Staff).where(Staff.id == other.id).values(tf_totp_secret="x", tf_primary_method="authenticator")
        )
    assert "codes on a phone" in client.get(f"/desk/staff/{other.id}").text
    press(client, other.id, "phone")
    assert row(other.username).tf_totp_secret is None


def test_nothing_is_done_without_a_form_of_ours(desk, row) -> None:
    client, other = desk("manager"), desk("counter").officer
    for what in ("off", "password", "phone", "codes"):
        answer = client.post(f"/desk/staff/{other.id}/{what}", data={"request_key": "0123456789abcdef"})
        assert "This page was open for a long time" in answer.text
    assert row(other.username).fs_uniquifier == other.fs_uniquifier


def test_colleagues_are_found_by_number_or_name_and_listed_page_by_page(desk, transaction) -> None:
    client = desk("administrator")
    with transaction() as db:
        for nth in range(60):
            db.add(
                Staff(username=f"a{nth:03}", name=f"Wanjiku {nth}", role="auditor", password="x",
                      fs_uniquifier=str(nth), created_at=client.clock())
            )  # fmt: skip
    first = client.get("/desk/staff").text
    assert "a049" in first
    assert "a050" not in first
    more = re.search(r'href="(/desk/staff\?after=[^"]+)"', first)[1]
    assert "a050" in client.get(more).text
    assert re.findall(r">(a0\d\d)<", client.get("/desk/staff?words=wanjiku+58").text) == ["a058"]
    assert re.findall(r">(a0\d\d)<", client.get("/desk/staff?words=A012").text) == ["a012"]
    assert "Nobody found" in client.get("/desk/staff?words=%25").text
