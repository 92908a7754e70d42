"""What the operator sees: counts by screen, never a person."""

import json
import logging
from typing import Any

import pytest
import structlog
from flask import Flask
from prometheus_client import REGISTRY

from tests.journeys.fixtures import MakeApp, Phones
from tests.journeys.phone import PATH, Phone
from tests.support import SECRET
from tests.ussd.test_callback import ENDING, EVENTS, HOP

SECRETS = ("711000001", "711 000", "23456789", "2345 6789", "1*1*1*1", "passp", "Booked", "Type the ID")


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def hops(screen: str, language: str = "en", outcome: str = "answered", network: str = "Safaricom") -> float:
    return counted("zamu_ussd_hops_total", screen=screen, network=network, language=language, outcome=outcome)


def test_every_hop_is_counted_by_its_screen(phone: Phone) -> None:
    before = [hops("home.home"), hops("services.choose"), hops("book.summary"), hops("book.summary", outcome="ended")]
    phone.books()
    after = [hops("home.home"), hops("services.choose"), hops("book.summary"), hops("book.summary", outcome="ended")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 1]


def test_replays_and_languages_are_counted_apart(phone: Phone) -> None:
    before = hops("services.choose", "sw", "replayed"), hops("services.choose", "sw")
    phone.dials().answers("5").sends()
    assert hops("services.choose", "sw", "replayed") == before[0] + 1
    assert hops("services.choose", "sw") == before[1] + 1


def test_an_unknown_network_makes_no_label_of_its_own(phones: Phones) -> None:
    before = hops("home.home", network="other")
    for network in ("12345", "", "x" * 200, "evil\nlabel"):
        phones(network=network).dials()
    assert hops("home.home", network="other") == before + 4


def test_apologies_are_counted(phones: Phones, make_app: MakeApp, dead_database: str) -> None:
    before = hops("machine.sorry", outcome="database_down")
    phones(app=make_app(database_url=dead_database)).dials().is_over()
    assert hops("machine.sorry", outcome="database_down") == before + 1


def test_the_time_of_every_hop_is_measured(phone: Phone) -> None:
    before = counted("zamu_ussd_hop_seconds_count")
    phone.dials().answers("1")
    assert counted("zamu_ussd_hop_seconds_count") == before + 2


def test_endings_are_counted_and_an_unknown_status_makes_no_series_of_its_own(app: Flask) -> None:
    def endings(status: str) -> float:
        return counted("zamu_ussd_endings_total", status=status, network="Safaricom")

    before = endings("Success"), endings("other")
    client = app.test_client()
    client.post(EVENTS, data=ENDING)
    client.post(EVENTS, data=ENDING | {"sessionId": "another", "status": "x" * 150})
    assert (endings("Success"), endings("other")) == (before[0] + 1, before[1] + 1)


CALLBACKS = [
    pytest.param("ussd", "taken", {}, id="a hop"),
    pytest.param("ussd", "malformed", {"data": HOP | {"phoneNumber": "12"}}, id="no phone"),
    pytest.param("ussd", "malformed", {"data": b"%ff=%fe"}, id="no form"),
    pytest.param("ussd", "wrong_code", {"data": HOP | {"serviceCode": "*1#"}}, id="somebody else's code"),
    pytest.param("ussd", "wrong_secret", {"path": PATH.replace(SECRET, "x" * 20)}, id="a wrong secret"),
    pytest.param("ussd", "too_large", {"data": HOP | {"text": "1" * 20_000}}, id="too long"),
    pytest.param("ussd_end", "taken", {"path": EVENTS, "data": ENDING}, id="an end"),
    pytest.param("ussd_end", "malformed", {"path": EVENTS}, id="an end without a status"),
    pytest.param("ussd_end", "wrong_secret", {"path": EVENTS.replace(SECRET, "x" * 20)}, id="an end by nobody"),
]


@pytest.mark.parametrize(("kind", "outcome", "call"), CALLBACKS)
def test_every_callback_is_counted_by_what_became_of_it(
    app: Flask, kind: str, outcome: str, call: dict[str, Any]
) -> None:
    before = counted("zamu_ussd_callbacks_total", kind=kind, outcome=outcome)
    app.test_client().post(**{"path": PATH, "data": HOP} | call)
    assert counted("zamu_ussd_callbacks_total", kind=kind, outcome=outcome) == before + 1


def test_an_end_that_is_not_kept_is_counted(make_app: MakeApp, dead_database: str) -> None:
    before = counted("zamu_ussd_callbacks_total", kind="ussd_end", outcome="not_kept")
    assert make_app(database_url=dead_database).test_client().post(EVENTS, data=ENDING).status_code == 503
    assert counted("zamu_ussd_callbacks_total", kind="ussd_end", outcome="not_kept") == before + 1


def test_the_metrics_page_shows_them(app: Flask, phone: Phone) -> None:
    phone.dials()
    page = app.test_client().get("/metrics").text
    assert 'zamu_ussd_hops_total{language="en",network="Safaricom",outcome="answered",screen="home.home"}' in page
    assert "711000001" not in page


def test_a_whole_booking_logs_nothing_personal(
    phones: Phones, make_app: MakeApp, dead_redis: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a session store that is down, so that there is something to log."""
    phones().books(identity="23456789")
    phones("+254711000002", app=make_app(redis_url=dead_redis)).books(identity="23456780")
    log = capfd.readouterr().out
    assert "session store does not answer" in log
    for secret in (*SECRETS, "711000002"):
        assert secret not in log


def test_a_failing_hop_logs_nothing_personal(
    phones: Phones, app: Flask, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The traceback says where, and neither who nor what was typed."""
    phone = phones().books(until="who")
    monkeypatch.setattr("menus.book.parse_identity", lambda kind, number: {}[kind])
    response = app.test_client().post(PATH, data=phone.types("23456789").form())
    assert response.text.startswith("END Sorry")
    log = capfd.readouterr().out
    assert "KeyError" in log
    for secret in SECRETS:
        assert secret not in log


def test_a_database_that_is_down_logs_nothing_personal(
    phones: Phones, make_app: MakeApp, dead_database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    phone = phones().books(until="summary").types("1")
    phone.client = make_app(database_url=dead_database).test_client()
    phone.sends().is_over()
    log = capfd.readouterr().out
    lines = [json.loads(line) for line in log.splitlines() if line]
    assert any(line["event"] == "hop not answered" and line["level"] == "error" for line in lines)
    for secret in SECRETS:
        assert secret not in log


def test_every_line_is_one_json_object(phones: Phones, capfd: pytest.CaptureFixture[str]) -> None:
    phones().dials()
    structlog.get_logger("test").warning("said by us", part="test")
    logging.getLogger("a.library").warning("said by %s", "a library")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert {line["event"] for line in lines} >= {"said by us", "said by a library"}
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_a_log_that_cannot_be_written_costs_no_caller_the_answer(
    phones: Phones, make_app: MakeApp, dead_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output is a pipe that nobody reads any more."""

    class Broken:
        def write(self, text: str) -> int:
            raise BrokenPipeError(text[:0])

        def flush(self) -> None:
            raise BrokenPipeError

    app = make_app(database_url=dead_database)
    monkeypatch.setattr("sys.stdout", Broken())
    phones(app=app).dials().is_over().sees("Sorry")
