"""The sign-in wears out while somebody fills a form in: what they sent waits for them, and is not done by itself."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from core.catalogue.tables import Closure
from tests.desk.pages import seen, unseen
from web.desk.signing.typed import KEEPER, TypedKeeper
from web.pages.forms import EXPIRED, MOST_FORM

NEW, TYPED = "/desk/closures/new?centre=GPO", "/desk/typed"
CLOSURE = {
    "what": "centre", "from_day": "23/11/2026", "from_time": "10:00", "until_day": "24/11/2026", "until_time": "17:00",
    "reason": "no power until the transformer is mended", "how": "tell", "do": "it", "code": "4711",
}  # fmt: skip


@pytest.fixture
def manager(desk: Any) -> Any:
    client = desk("manager")
    client.wears_out = True
    return client


@pytest.fixture
def worn_out(manager: Any, clock: Any) -> dict[str, str]:
    """What the manager has typed into a page that has been open for too long."""
    typed = unseen(manager.get(NEW).text) | CLOSURE
    clock.time += timedelta(minutes=31)
    return typed


@pytest.fixture
def closed(transaction: Any) -> Iterator[Any]:
    def count() -> int:
        with transaction() as db:
            return int(db.scalar(sa.select(sa.func.count()).select_from(Closure)))

    yield count
    assert count() == 0, "the town's catalogue is shared"


def signs_in(client: Any, officer: Any = None) -> None:
    """Somebody signs in at this browser: whoever was there, or another one."""
    client.officer, client._begun = officer or client.officer, None


def shown_again(client: Any, page: Any) -> Any:
    """Press the button on the page of what is kept."""
    form = page.text.partition("data-forget")[0].rpartition("<form")[2] + page.text.partition("data-forget")[2]
    form = form.partition("</form>")[0]
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    assert "csrf_token" not in dict(fields), "with it, it would be done"
    action = unescape(re.search(r'action="([^"]+)"', form)[1])  # type: ignore[index]
    return client.post(action, data={name: unescape(value) for name, value in fields})


def test_what_was_sent_too_late_stands_in_its_form_again_and_nothing_is_done(manager, worn_out, closed) -> None:
    answer = manager.post(NEW, data=worn_out)
    assert answer.location == f"/desk/sign-in?next={TYPED}"
    assert "What was sent was not done. It is kept for an hour" in seen(manager.get(answer.location).text)
    signs_in(manager)
    assert f'href="{TYPED}"' in manager.get("/desk").text
    kept = manager.get(TYPED)
    assert "Show what was sent from your page at 9:31am" in seen(kept.text)
    assert "4711" not in kept.text, "codes are not kept"
    page = shown_again(manager, kept)
    assert EXPIRED in unescape(page.text)
    for value in ("23/11/2026", "17:00", CLOSURE["reason"]):
        assert f'value="{value}"' in page.text
    assert 'value="centre" selected' in page.text
    assert closed() == 0
    assert "Nothing of yours waits here" in seen(manager.get(TYPED).text), "it stands in its form"
    looked_over = manager.post(NEW, data=CLOSURE | unseen(page.text) | {"do": "check"})
    assert "Bookings: 0." in seen(looked_over.text), "sent again, it is taken"


def test_what_its_owner_sends_from_the_old_page_after_all_waits_no_longer(manager, worn_out, closed) -> None:
    manager.post(NEW, data=worn_out)
    manager.post(NEW, data=worn_out | {"request_key": "of-another-tab-1"})
    signs_in(manager)
    back = manager.post(NEW, data=worn_out | {"do": "check"})
    assert "Bookings: 0." in seen(back.text), "it was taken"
    assert manager.get(TYPED).text.count("Show what was sent") == 1, "the other tab's still waits"


def test_whoever_signs_out_from_the_old_page_ends_keeping_for_its_owner(manager, worn_out, valkey, closed) -> None:
    manager.get("/desk")
    manager.post("/desk/sign-out")
    assert manager.post(NEW, data=worn_out).location.endswith(TYPED), "only by a form of ours"
    valkey.flushdb()
    assert manager.post("/desk/sign-out", data=worn_out).location == "/desk/sign-in"
    assert manager.post(NEW, data=worn_out).location.startswith("/desk/sign-in?next=/desk/closures/new")
    assert valkey.keys("desk:*:typed") == []


@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("/desk/documents/48217093/phone", f"?next={TYPED}"),
        ("/desk/check-in", f"?next={TYPED}"),
        ("/desk/closures/absent", f"?next={TYPED}"),
        ("/desk/visit/48217093/check-in", ""),
    ],
)
def test_only_what_can_be_shown_again_is_kept(manager, worn_out, address, to, closed) -> None:
    assert manager.post(address, data=worn_out).location == f"/desk/sign-in{to}"


def test_a_number_scanned_too_late_stands_in_the_field_again(desk, clock) -> None:
    counter = desk("counter")
    counter.wears_out = True
    scan = unseen(counter.get("/desk/check-in").text) | {"scanned": "48217093"}
    clock.time += timedelta(minutes=31)
    counter.post("/desk/check-in", data=scan)
    signs_in(counter)
    page = shown_again(counter, counter.get(TYPED))
    assert EXPIRED in unescape(page.text)
    assert 'value="48217093"' in page.text


def test_another_officer_at_the_computer_sees_nothing_of_it_and_its_owner_does(manager, worn_out, desk, closed) -> None:
    owner, other = manager.officer, desk("manager").officer
    manager.get("/desk")  # another tab wore out first
    assert manager.post(NEW, data=worn_out).location.endswith(TYPED)
    signs_in(manager, other)
    page = manager.get(TYPED)
    assert "Nothing of yours waits here" in seen(page.text)
    assert "transformer" not in page.text
    assert TYPED not in manager.get("/desk").text
    signs_in(manager, owner)
    assert "transformer" in manager.get(TYPED).text


def test_what_waits_is_sealed_and_gone_after_an_hour(manager, worn_out, valkey: redis.Redis, closed) -> None:
    manager.post(NEW, data=worn_out)
    [name] = valkey.keys(f"desk:{manager.officer.id}:typed")
    assert b"transformer" not in valkey.get(name)
    assert 0 < valkey.ttl(name) <= 3600


def test_nothing_is_kept_for_who_is_not_known_or_did_not_send_a_form_of_ours(
    app, manager, worn_out, valkey: redis.Redis, closed
) -> None:
    """A stranger; another site; a button, on which nothing is typed; a body that no form of a page has."""
    back = "/desk/sign-in?next=/desk/closures/new?centre%3DGPO"
    assert app.test_client().post(NEW, data=worn_out).location == back
    assert manager.post(NEW, data=worn_out | {"csrf_token": "theirs"}).location == back
    assert manager.post(NEW, data=unseen_of(worn_out) | {"do": "it"}).location == back
    assert manager.post(NEW, data=worn_out | {"reason": "x" * MOST_FORM}).location == back
    assert valkey.keys("desk:*:typed") == []


def unseen_of(typed: dict[str, str]) -> dict[str, str]:
    return {name: typed[name] for name in ("csrf_token", "request_key")}


def test_without_valkey_one_still_signs_in_and_comes_back_to_the_form(
    app, manager, worn_out, settings, dead_redis, clock, monkeypatch
) -> None:
    monkeypatch.setitem(app.extensions, KEEPER, TypedKeeper(replace(settings, redis_url=dead_redis), now=clock))
    assert manager.post(NEW, data=worn_out).location == "/desk/sign-in?next=/desk/closures/new?centre%3DGPO"
    signs_in(manager)
    assert manager.get("/desk").status_code == 200
