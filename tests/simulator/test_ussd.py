"""USSD sessions: from a dial string to the end-of-session event."""

import threading

import pytest

from simulator.sessions import CONNECTION_PROBLEM, TIMED_OUT
from tests.simulator.doubles import AIRTEL, AIRTEL_PHONE, PATIENCE_SECONDS, PHONE, SAFARICOM


def only_event(zamu):
    [event] = zamu.wait_for("/ussd/events")
    return event.form


def test_dialling_posts_the_first_hop_and_shows_its_answer(desk, zamu):
    zamu.screens[""] = "CON Huduma\n1 Book"
    shown = desk.dial()
    assert shown["session"].startswith("ATUid_")
    assert shown | {"session": ""} == {
        "session": "",
        "state": "open",
        "text": "Huduma\n1 Book",
        "septets": 13,
        "coding": "GSM-7",
        "limit": 160,
        "phone": PHONE,
        "network": SAFARICOM,
        "code": "*191*9#",
        "hops": 1,
        "input_limit": 80,
        "session_seconds": 180.0,
        "idle_seconds": 30.0,
    }
    [hop] = zamu.got("/ussd")
    assert hop.form == {
        "sessionId": shown["session"],
        "phoneNumber": PHONE,
        "networkCode": SAFARICOM,
        "serviceCode": "*191*9#",
        "text": "",
    }


def test_answers_accumulate_with_stars_whatever_is_in_them(desk, zamu):
    session = desk.dial()
    for answer in ("1", "", "Thika town", "2*3", "é😀"):
        desk.answer(session, answer)
    assert zamu.texts() == ["", "1", "1*", "1**Thika town", "1**Thika town*2*3", "1**Thika town*2*3*é😀"]


def test_a_character_outside_gsm7_turns_the_screen_to_ucs2(desk, zamu):
    zamu.other = "CON Karibu ā"
    shown = desk.dial()
    assert (shown["coding"], shown["septets"], shown["limit"]) == ("UCS-2", 8, 70)


@pytest.mark.parametrize(
    ("dialled", "code", "text"),
    [
        ("*191*9#", "*191*9#", ""),
        ("*191*9*2*48210937#", "*191*9#", "2*48210937"),
        ("*384*7#", "*384*7#", ""),
        ("*384*7*1#", "*384*7*1#", ""),
        ("*384*7*1*5#", "*384*7*1#", "5"),
        ("*384*7*12#", "*384*7#", "12"),
        ("*500#", "*500#", "77"),
        ("*500*3#", "*500#", "77*3"),
    ],
)
def test_a_dial_string_is_a_code_and_the_first_answers(desk, zamu, dialled, code, text):
    assert desk.dial(dialled)["state"] == "open"
    [hop] = zamu.got("/ussd")
    assert (hop.form["serviceCode"], hop.form["text"]) == (code, text)


@pytest.mark.parametrize("dialled", ["*191#", "*191*99#", "*191*9", "*191*9*1", "191*9#", "#", "*191*9#1#"])
def test_a_code_that_leads_nowhere_is_the_networks_error(desk, zamu, dialled):
    shown = desk.dial(dialled)
    assert (shown["session"], shown["state"], shown["text"]) == (None, "failed", CONNECTION_PROBLEM)
    assert zamu.texts() == []


def test_end_closes_the_session_and_its_event_tells_all_of_it(desk, zamu, clock):
    zamu.screens |= {"": "CON Huduma", "1": "END Booked"}
    session = desk.dial()
    clock.advance(12.5)
    shown = desk.answer(session, "1")
    assert (shown["state"], shown["text"]) == ("ended", "Booked")
    assert only_event(zamu) == {
        "date": "2026-11-23T05:00:12Z",
        "sessionId": session["session"],
        "serviceCode": "*191*9#",
        "networkCode": SAFARICOM,
        "phoneNumber": PHONE,
        "status": "Success",
        "cost": "KES 0.0000",
        "durationInMillis": "12500",
        "hopsCount": "2",
        "input": "1",
        "lastAppResponse": "END Booked",
    }


@pytest.mark.parametrize("answer", ["Booked", "", "con Huduma", "CONTINUE", "ENDED", " END x"])
def test_an_answer_that_begins_otherwise_breaks_the_session(desk, zamu, answer):
    zamu.other = answer
    shown = desk.dial()
    assert (shown["state"], shown["text"]) == ("failed", CONNECTION_PROBLEM)
    event = only_event(zamu)
    assert (event["status"], event["lastAppResponse"]) == ("Failed", answer)
    assert event["errorMessage"] == "The answer began with neither CON nor END."


@pytest.mark.parametrize("status", [201, 302, 404, 500])
def test_any_other_status_than_200_breaks_the_session(desk, zamu, status):
    zamu.status = lambda received: status if received.path == "/ussd" else 200
    assert desk.dial()["state"] == "failed"
    assert only_event(zamu)["errorMessage"] == f"The application answered HTTP {status}."


def test_no_answer_within_the_limit_breaks_the_session(start, zamu):
    release = threading.Event()
    zamu.on_hop = lambda _: release.wait(PATIENCE_SECONDS)
    desk = start(answer_seconds=0.2)
    assert desk.dial()["state"] == "failed"
    release.set()
    event = only_event(zamu)
    assert (event["status"], event["errorMessage"]) == ("Failed", "No answer within 0.2 seconds.")


def test_a_zamu_that_is_not_there_breaks_the_session(start):
    assert start(callback="http://127.0.0.1:9").dial()["text"] == CONNECTION_PROBLEM


@pytest.mark.parametrize(("phone", "network", "idle"), [(PHONE, SAFARICOM, 30), (AIRTEL_PHONE, AIRTEL, 60)])
def test_a_person_who_thinks_too_long_is_timed_out(desk, zamu, clock, phone, network, idle):
    session = desk.dial(phone=phone, network=network)
    clock.advance(idle - 1)
    assert desk.session(session)["idle_seconds"] == 1
    desk.answer(session, "1")
    clock.advance(idle - 1)
    assert desk.session(session)["state"] == "open"
    clock.advance(1)
    shown = desk.session(session)
    assert (shown["state"], shown["text"]) == ("ended", TIMED_OUT)
    assert only_event(zamu)["status"] == "Incomplete"


def test_the_event_of_a_time_out_comes_without_anybody_asking(desk, zamu, clock):
    desk.dial()
    clock.advance(31)
    assert only_event(zamu)["errorMessage"] == "The session timed out."


def test_a_session_lives_180_seconds_however_busy_it_is(desk, zamu, clock):
    session = desk.dial()
    for _ in range(8):
        clock.advance(20)
        assert desk.answer(session, "1")["state"] == "open"
    clock.advance(19)
    assert desk.session(session)["session_seconds"] == 1
    clock.advance(1)
    assert desk.session(session)["state"] == "ended"
    assert only_event(zamu)["durationInMillis"] == "180000"


@pytest.mark.parametrize(("network", "limit"), [(SAFARICOM, 80), ("airtel", 90)])
def test_the_network_refuses_an_answer_it_cannot_carry(desk, zamu, network, limit):
    session = desk.dial(network=network)
    sentence = desk.refused("POST", f"/sessions/{session['session']}/answer", {"text": "x" * (limit + 1)})
    assert sentence.endswith(f"carries at most {limit} characters; this has {limit + 1}.")
    assert desk.answer(session, "x" * limit)["state"] == "open"
    assert zamu.texts() == ["", "x" * limit]


def test_a_dropped_call_shows_what_a_broken_network_shows(desk, zamu):
    session = desk.dial()
    assert desk.drop(session)["text"] == CONNECTION_PROBLEM
    assert only_event(zamu)["status"] == "Incomplete"
    sentence = desk.refused("POST", f"/sessions/{session['session']}/answer", {"text": "1"}, status=409)
    assert sentence == "The session is over; dial again."
    assert desk.drop(session)["state"] == "failed"
    assert len(zamu.got("/ussd/events")) == 1


def test_a_drop_while_zamu_answers_is_not_undone_by_the_answer(desk, zamu):
    session = desk.dial()
    zamu.on_hop = lambda _: desk.drop(session)
    assert desk.answer(session, "1")["state"] == "failed"


def test_a_phone_waits_for_the_answer_before_it_sends_another(desk, zamu):
    session = desk.dial()
    refused = []
    path = f"/sessions/{session['session']}/answer"
    zamu.on_hop = lambda _: refused.append(desk.refused("POST", path, {"text": "2"}, status=409))
    desk.answer(session, "1")
    assert refused == ["The network is still waiting for the answer before this one."]
    assert zamu.texts() == ["", "1"]


def test_a_phone_has_one_session_at_a_time(desk, zamu):
    first, other_phone = desk.dial(), desk.dial(phone=AIRTEL_PHONE)
    assert desk.dial()["session"] != first["session"]
    assert desk.session(first)["state"] == "ended"
    assert desk.session(other_phone)["state"] == "open"
    assert only_event(zamu)["sessionId"] == first["session"]


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/phones/0711000001/dial", {"code": "*191*9#"}, 400, "There is no such network"),
        ("/phones/0711000001/dial", {"code": "*191*9#", "network": "1"}, 400, "safaricom (63902)"),
        ("/phones/0711000001/dial", {"network": "63902"}, 400, '"code" is missing'),
        ("/phones/0711000001/dial", {"code": "call", "network": "63902"}, 400, "digits, * and # only"),
        ("/phones/0711000001/dial", {"code": "", "network": "63902"}, 400, "digits, * and # only"),
        ("/phones/0711000001/dial", ["*191*9#"], 400, "Send a JSON object."),
        ("/phones/911/dial", {"code": "*191*9#", "network": "63902"}, 400, "not a Kenyan mobile number"),
        ("/sessions/ATUid_none/answer", {"text": "1"}, 404, "There is no such session."),
        ("/sessions/ATUid_none/answer", {"text": 1}, 400, '"text" is missing, or is not text.'),
        ("/sessions/ATUid_none/answer", {"text": "\ud800"}, 400, "half a character"),
        ("/sessions/ATUid_none/drop", None, 404, "There is no such session."),
    ],
)
def test_a_bad_request_is_refused_with_a_sentence(desk, path, body, status, sentence):
    assert sentence in desk.refused("POST", path, body, status=status)


@pytest.mark.parametrize("written", ["0711000001", "254711000001", "+254711000001"])
def test_a_phone_may_be_written_in_any_way(desk, zamu, written):
    desk.dial(phone=written)
    assert zamu.got("/ussd")[0].form["phoneNumber"] == PHONE
