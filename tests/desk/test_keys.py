"""Keys and webhooks at the desk: shown once, revoked at once, and only one's own agency's."""

import re

import pytest
import sqlalchemy as sa

from core.partners import deliveries
from core.partners.tables import ApiKey, Delivery, Webhook
from core.people.tables import Event
from tests.support import NOW

KEY = re.compile(r"zamu_[A-Za-z0-9_-]{43}")


def form(client, path, **fields):
    """What the page's form sends, with its hidden fields."""
    page = client.get(path).text
    hidden = dict(re.findall(r'name="(csrf_token|request_key)"[^>]*value="([^"]+)"', page))
    return hidden | fields


@pytest.fixture
def clerk(desk):
    return desk("clerk", agency="NRB")


@pytest.fixture
def made(clerk, app):
    """`made()`: a key that the clerk has just made."""

    def make(**more):
        sent = form(clerk, "/desk/keys/new", name="Card printer", scopes=["documents:read", "documents:write"]) | more
        page = clerk.post("/desk/keys/new", data=sent)
        return KEY.search(page.text)[0], sent

    return make


def works(app, key):
    return app.test_client().get("/api/v1/services", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_key_is_shown_once_and_works(clerk, made, app, transaction, clock):
    key, sent = made()
    assert works(app, key)
    assert KEY.search(clerk.post("/desk/keys/new", data=sent).text)[0] == key, "a double submit shows the same"
    with transaction() as db:
        assert len(db.scalars(sa.select(ApiKey.id)).all()) == 1
        assert key not in str(db.execute(sa.text("SELECT string_agg(outcome::text, ' ') FROM requests")).scalar_one())
    listed = clerk.get("/desk/keys").text
    assert "Card printer" in listed
    assert key[-4:] in listed
    assert key not in listed
    assert "In the hour from Mon 23 Nov 9:00am" in listed, "its use is kept by the hour"
    clock.time = NOW.replace(hour=8)
    assert not KEY.search(clerk.post("/desk/keys/new", data=sent).text), "whoever comes later sees none"


def test_a_revoked_key_is_refused_from_then_on(clerk, made, app, transaction):
    key, _ = made()
    with transaction() as db:
        key_id = db.scalars(sa.select(ApiKey.id)).one()
    path = f"/desk/keys/{key_id}/revoke"
    assert "Card printer" in clerk.get(path).text
    assert works(app, key)
    assert clerk.post(path, data=form(clerk, path)).status_code == 303
    assert not works(app, key)
    with transaction() as db:
        names = db.scalars(sa.select(Event.name).where(Event.who == clerk.officer.username).order_by(Event.id)).all()
    assert names == ["key.made", "key.revoked"]


def test_what_is_missing_is_said_beside_its_field(clerk):
    page = clerk.post("/desk/keys/new", data=form(clerk, "/desk/keys/new", name="", scopes=[])).text
    assert "Say what it is for." in page
    assert "Choose at least one." in page
    url = "http://nrb.example/"
    page = clerk.post("/desk/keys/webhooks/new", data=form(clerk, "/desk/keys/webhooks/new", url=url)).text
    assert "begins with https://" in page
    assert url in page, "what was typed is kept"


def test_a_clerk_sees_their_own_agency_and_an_administrator_all(clerk, desk, made, transaction):
    made()
    other, administrator = desk("clerk", agency="CRS"), desk("administrator")
    with transaction() as db:
        key = db.scalars(sa.select(ApiKey)).one()
    assert "Card printer" not in other.get("/desk/keys").text
    assert other.get(f"/desk/keys?agency={key.agency_id}").status_code == 404
    assert other.get(f"/desk/keys/{key.id}/revoke").status_code == 404
    assert "National Registration Bureau" in administrator.get("/desk/keys").text
    assert "Card printer" in administrator.get(f"/desk/keys?agency={key.agency_id}").text
    assert administrator.get("/desk/keys?agency=9999").status_code == 404
    assert desk("counter").get("/desk/keys").status_code == 403


def test_a_webhook_is_added_tried_sent_again_and_ended(clerk, transaction):
    path = "/desk/keys/webhooks/new"
    shown = clerk.post(path, data=form(clerk, path, url="https://nrb.example/zamu", events=["booking.confirmed"])).text
    assert "whsec_" in shown
    with transaction() as db:
        webhook = db.scalars(sa.select(Webhook)).one()
    page = f"/desk/keys/webhooks/{webhook.id}"
    assert "whsec_" not in clerk.get(page).text
    assert clerk.post(f"{page}/test", data=form(clerk, page)).status_code == 303
    with transaction() as db:
        claimed = deliveries.claim(db, webhook.id, now=NOW)
        deliveries.settle(db, claimed, taken=False, answer="503", now=NOW)
    told = clerk.get(page).text
    assert "webhook.test" in told
    assert "503" in told
    assert clerk.post(f"{page}/again", data=form(clerk, page)).status_code == 303
    with transaction() as db:
        assert db.scalars(sa.select(Delivery.attempts)).one() == 0
    assert clerk.post(f"{page}/end", data=form(clerk, f"{page}/end")).status_code == 303
    assert clerk.get(page).status_code == 404


def test_another_agencys_webhook_is_not_there(clerk, desk, transaction):
    path = "/desk/keys/webhooks/new"
    clerk.post(path, data=form(clerk, path, url="https://nrb.example/zamu"))
    with transaction() as db:
        webhook = db.scalars(sa.select(Webhook.id)).one()
    other = desk("clerk", agency="CRS")
    for way in ("", "/end"):
        assert other.get(f"/desk/keys/webhooks/{webhook}{way}").status_code == 404
    for way in ("/test", "/again", "/end"):
        sent = form(other, "/desk/keys/new")
        assert other.post(f"/desk/keys/webhooks/{webhook}{way}", data=sent).status_code == 404
