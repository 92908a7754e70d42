"""Every knob does what its documentation says, and nothing is turned by accident."""

from dataclasses import fields

import africastalking.Service
import pytest
import requests

from simulator.knobs import Knobs, knob_help
from simulator.sessions import CONNECTION_PROBLEM
from simulator.statuses import REFUSED
from tests.simulator.doubles import AIRTEL_PHONE, PHONE

HOUR_MS = 3_600_000


def test_every_knob_is_off_at_first(desk):
    assert desk.ok("GET", "/knobs") == {
        "latency_ms": 0,
        "duplicate_first_hop": False,
        "duplicate_callbacks": False,
        "late_copies": False,
        "drop_after_hops": 0,
        "early_reports": False,
        "duplicate_reports": False,
        "report_delay_ms": 0,
        "final_report": "Success",
        "failing": {},
        "fail_rate": 0.0,
        "send_fault": "off",
        "retry_ms": 0,
    }


def test_every_knob_is_documented():
    documented = {knob.name: knob.help for knob in knob_help()}
    assert list(documented) == [knob.name for knob in fields(Knobs)]
    assert all(text.endswith(".") for text in documented.values())


def test_knobs_that_are_not_named_go_off(desk):
    desk.turn(latency_ms=5, late_copies=True)
    desk.turn(late_copies=True)
    assert desk.ok("GET", "/knobs")["latency_ms"] == 0
    assert desk.ok("GET", "/knobs")["late_copies"] is True


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"speed": 1}, "There is no knob called speed; these exist: latency_ms, "),
        ({"latency_ms": -1}, "latency_ms is a whole number from 0 (off) to 3600000."),
        ({"latency_ms": 1.5}, "latency_ms is a whole number"),
        ({"drop_after_hops": True}, "drop_after_hops is a whole number"),
        ({"late_copies": 1}, "late_copies is either true or false."),
        ({"fail_rate": 2}, "fail_rate is a number from 0 (off) to 1 (always)."),
        ({"fail_rate": "1"}, "fail_rate is a number"),
        ({"send_fault": "fire"}, "send_fault is one of off, error_500, text, close, all_failed, out_of_credit, hang."),
        ({"send_fault": ["off"]}, "send_fault is one of off"),
        ({"failing": [PHONE]}, "failing is an object of phone numbers and status codes."),
        ({"failing": {PHONE: 200}}, "failing takes these status codes: 401, 402, "),
        ({"failing": {PHONE: [406]}}, "failing takes these status codes"),
        ({"failing": {"nobody": 406}}, "not a Kenyan mobile number"),
        ([], "Send a JSON object."),
    ],
)
def test_what_is_no_knob_or_no_value_is_refused_and_changes_nothing(desk, knobs, sentence):
    desk.turn(latency_ms=7)
    assert sentence in desk.refused("PUT", "/knobs", knobs)
    assert desk.ok("GET", "/knobs")["latency_ms"] == 7


def test_latency_delays_hops_and_sends(desk, zamu, clock):
    desk.turn(latency_ms=2_500)
    began = clock.now()
    desk.dial()
    assert (zamu.got("/ussd")[0].at - began).total_seconds() == 2.5
    desk.sms().send_to(PHONE)
    assert (clock.now() - began).total_seconds() == 5


def test_the_first_hop_alone_can_come_twice(desk, zamu):
    desk.turn(duplicate_first_hop=True)
    session = desk.dial()
    assert session["state"] == "open"
    desk.answer(session, "1")
    assert zamu.texts() == ["", "", "1"]
    first, second, _ = zamu.got("/ussd")
    assert first.form == second.form


def test_every_callback_can_come_twice(desk, zamu):
    desk.turn(duplicate_callbacks=True, duplicate_first_hop=True)
    session = desk.dial()
    zamu.screens["1"] = "END Bye"
    desk.answer(session, "1")
    assert zamu.texts() == ["", "", "1", "1"]
    desk.text("STOP")
    desk.sms().send_to(AIRTEL_PHONE)
    for path, copies in {"/ussd/events": 2, "/sms/inbound": 2, "/sms/opt-out": 2, "/sms/delivery": 6}.items():
        received = zamu.wait_for(path, copies)
        assert len(received) == copies
        assert [copy.form for copy in received[::2]] == [copy.form for copy in received[1::2]]


def test_an_old_hop_can_come_again_after_a_newer_one(desk, zamu):
    desk.turn(late_copies=True)
    session = desk.dial()
    zamu.screens |= {"1": "CON Newer", "1*2": "CON Newest"}
    assert desk.answer(session, "1")["text"] == "Newer"
    assert desk.answer(session, "2")["text"] == "Newest"
    assert zamu.texts() == ["", "1", "", "1*2", "1"]


def test_the_network_can_drop_the_session_after_some_hops(desk, zamu):
    desk.turn(drop_after_hops=2)
    session = desk.dial()
    assert session["state"] == "open"
    zamu.screens["1"] = "CON Held for you"
    shown = desk.answer(session, "1")
    assert (shown["state"], shown["text"]) == ("failed", CONNECTION_PROBLEM)
    [event] = zamu.wait_for("/ussd/events")
    assert (event.form["status"], event.form["hopsCount"]) == ("Incomplete", "2")
    assert event.form["lastAppResponse"] == "CON Held for you"


def test_a_session_that_ended_by_itself_is_not_dropped(desk, zamu):
    desk.turn(drop_after_hops=1)
    zamu.other = "END Bye"
    assert desk.dial()["state"] == "ended"


def test_reports_can_come_before_the_send_has_been_answered(desk, zamu):
    # The delay would keep them for ever on this clock: only an early report does not wait.
    desk.turn(early_reports=True, report_delay_ms=HOUR_MS)
    desk.sms().send_to(PHONE)
    assert zamu.reports() == ["Sent", "Submitted", "Success"]


def test_an_early_report_that_is_not_taken_comes_again_later(desk, zamu):
    tries = iter([200, 500])
    zamu.status = lambda _: next(tries, 200)
    desk.turn(early_reports=True)
    desk.sms().send_to(PHONE)
    zamu.wait_for("/sms/delivery", 4, tick=1)
    assert zamu.reports() == ["Sent", "Submitted", "Submitted", "Success"]


def test_every_report_can_come_twice(desk, zamu):
    desk.turn(duplicate_reports=True)
    desk.sms().send_to(PHONE)
    zamu.wait_for("/sms/delivery", 6)
    assert zamu.reports() == ["Sent", "Sent", "Submitted", "Submitted", "Success", "Success"]
    desk.text("YES")
    desk.turn()
    desk.text("NO")
    # Two SMS may overtake each other.
    received = zamu.wait("/sms/inbound", lambda received: {"YES", "NO"} == {sms.form["text"] for sms in received})
    assert len(received) == 2


def test_reports_can_wait(desk, zamu, clock):
    desk.turn(report_delay_ms=60_000)
    began = clock.now()
    desk.sms().send_to(PHONE)
    desk.turn()
    desk.sms().send_to(AIRTEL_PHONE)
    received = zamu.wait_for("/sms/delivery", 3)
    assert {report.form["phoneNumber"] for report in received} == {AIRTEL_PHONE}
    clock.advance(60)
    received = zamu.wait_for("/sms/delivery", 6)
    assert {report.form["phoneNumber"] for report in received[3:]} == {PHONE}
    assert all((report.at - began).total_seconds() == 60 for report in received[3:])


@pytest.mark.parametrize(
    ("status", "reports", "reason"),
    [
        ("Failed", ["Sent", "Submitted", "Failed"], "DeliveryFailure"),
        ("Rejected", ["Sent", "Submitted", "Rejected"], "RejectedByGateway"),
        ("AbsentSubscriber", ["Sent", "Submitted", "Buffered", "AbsentSubscriber"], "AbsentSubscriber"),
        ("Expired", ["Sent", "Submitted", "Buffered", "Expired"], "MessageExpired"),
    ],
)
def test_the_last_report_can_be_bad_news_and_the_phone_gets_nothing(desk, zamu, status, reports, reason):
    desk.turn(final_report=status)
    assert desk.sms().codes(PHONE) == [101]
    last = zamu.wait_for("/sms/delivery", len(reports))[-1]
    assert zamu.reports() == reports
    assert last.form["failureReason"] == reason
    assert desk.inbox() == []
    assert desk.taken()[0]["status"] == status


@pytest.mark.parametrize("code", list(REFUSED))
def test_a_number_can_fail_with_any_status_code_inside_a_201(desk, code):
    desk.turn(failing={"0711000001": code})
    refused, sent = desk.sms().send_to(PHONE, AIRTEL_PHONE)["SMSMessageData"]["Recipients"]
    assert (refused["statusCode"], refused["status"], refused["messageId"]) == (code, REFUSED[code], "None")
    assert sent["statusCode"] == 101
    assert [message["to"] for message in desk.taken()] == [AIRTEL_PHONE]


def test_a_share_of_the_recipients_can_fail(desk):
    phones = [f"+2547110001{number:02}" for number in range(60)]
    desk.turn(fail_rate=1)
    assert set(desk.sms().codes(*phones)) == {502}
    desk.turn(fail_rate=0.5)
    # 60 tosses of a coin that all fall on one side: once in 10^18 runs.
    assert set(desk.sms().codes(*phones)) == {101, 502}


def test_a_send_can_be_answered_500_and_nothing_is_taken(desk):
    desk.turn(send_fault="error_500")
    with pytest.raises(africastalking.Service.AfricasTalkingException, match=r"^Internal Server Error$"):
        desk.sms().send_to(PHONE)
    assert desk.taken() == []


def test_a_send_can_be_answered_as_text(desk):
    desk.turn(send_fault="text")
    assert desk.sms().send_to(PHONE) == "Sent"
    assert len(desk.taken()) == 1


def test_the_connection_can_close_after_the_batch_was_taken(desk):
    desk.turn(send_fault="close")
    with pytest.raises(requests.RequestException):
        desk.sms().send_to(PHONE)
    assert len(desk.taken()) == 1


@pytest.mark.parametrize(("fault", "code"), [("all_failed", 500), ("out_of_credit", 405)])
def test_every_recipient_can_fail_inside_a_201(desk, fault, code):
    desk.turn(send_fault=fault)
    answer = desk.sms().send_to(PHONE, AIRTEL_PHONE)["SMSMessageData"]
    assert [entry["statusCode"] for entry in answer["Recipients"]] == [code, code]
    assert answer["Message"] == "Sent to 0/2 Total Cost: KES 0.0000"
    assert desk.taken() == []


def test_a_send_can_hang_and_is_let_go_when_the_knob_is_turned(desk, zamu):
    desk.turn(send_fault="hang")
    with pytest.raises(requests.ReadTimeout):
        desk.sms().send_to(PHONE, timeout=0.3)
    assert len(desk.taken()) == 1
    # A Zamu that turns the knob while the gateway still holds its call gets the answer after all.
    zamu.status = lambda _: desk.call("PUT", "/knobs", {}).status_code
    desk.turn(send_fault="hang")
    assert desk.sms().codes(PHONE) == [101]


def test_the_time_between_tries_can_be_set(desk, zamu, clock):
    desk.turn(retry_ms=500_000)
    tries = iter([500])
    zamu.status = lambda _: next(tries, 200)
    desk.text("YES")
    first, second = zamu.wait_for("/sms/inbound", 2, tick=100)
    assert (second.at - first.at).total_seconds() >= 500
