"""Sending SMS, with the real SDK, and what comes back."""

from decimal import Decimal

import africastalking.Service
import pytest
import requests

from tests.simulator.doubles import AIRTEL_PHONE, API_KEY, PATIENCE_SECONDS, PHONE


@pytest.fixture
def sms(desk):
    return desk.sms()


def balance(desk):
    answer = requests.get(
        f"{desk.address}/version1/user",
        params={"username": "sandbox"},
        headers={"apiKey": API_KEY},
        timeout=PATIENCE_SECONDS,
    )
    return answer.json()["UserData"]["balance"]


def post(desk, *, key=API_KEY, **form):
    return requests.post(
        f"{desk.address}/version1/messaging", data=form, headers={"apiKey": key}, timeout=PATIENCE_SECONDS
    )


def test_the_sdk_understands_the_answer(desk, sms):
    answer = sms.send_to(PHONE, AIRTEL_PHONE)
    ids = [message["id"] for message in desk.taken()]
    assert answer == {
        "SMSMessageData": {
            "Message": "Sent to 2/2 Total Cost: KES 1.6000",
            "Recipients": [
                {"statusCode": 101, "number": number, "status": "Success", "cost": "KES 0.8000", "messageId": id}
                for number, id in zip((PHONE, AIRTEL_PHONE), ids, strict=True)
            ],
        }
    }
    assert all(message_id.startswith("ATXid_") for message_id in ids)


def test_the_answer_is_a_201_whose_content_type_has_no_charset(desk):
    answer = post(desk, username="sandbox", to=PHONE, message="Hi", bulkSMSMode="1")
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"


def test_a_queued_send_says_so(desk):
    answer = post(desk, username="sandbox", to=PHONE, message="Hi", enqueue="1")
    assert answer.json()["SMSMessageData"]["Recipients"][0]["statusCode"] == 102


def test_what_was_taken_can_be_looked_up_and_is_on_the_phone(desk, sms):
    sms.send_to(PHONE, text="First")
    sms.send_to(PHONE, text="Second [" + "x" * 160)
    first, second = desk.taken()
    assert first == {
        "id": first["id"],
        "to": PHONE,
        "text": "First",
        "status": "Success",
        "from": "22191",
        "at": "2026-11-23T05:00:00+00:00",
        "segments": 1,
    }
    assert second["segments"] == 2
    assert [message["id"] for message in desk.inbox()] == [second["id"], first["id"]]
    assert desk.inbox(AIRTEL_PHONE) == []


def test_what_came_after_a_number_of_messages_can_be_asked_for(desk, sms):
    sms.send_to(PHONE, AIRTEL_PHONE, text="First")
    sms.send_to(PHONE, text="Second")
    for after, texts in {0: ["First", "First", "Second"], 2: ["Second"], 3: [], 10**12: []}.items():
        answer = desk.ok("GET", f"/messages?after={after}")
        assert ([message["text"] for message in answer["messages"]], answer["taken"]) == (texts, 3)
    assert desk.refused("GET", "/messages?after=x") == '"after" is a whole number.'


def test_the_balance_falls_by_segments(desk, sms):
    assert balance(desk) == "KES 1000000.00"
    sms.send_to(PHONE, AIRTEL_PHONE, text="x" * 161)
    assert balance(desk) == "KES 999996.80"


def test_what_the_balance_does_not_cover_is_refused_and_not_charged(start):
    desk = start(balance=Decimal("1.00"))
    assert desk.sms().codes(PHONE, AIRTEL_PHONE) == [101, 405]
    assert balance(desk) == "KES 0.20"
    assert [message["to"] for message in desk.taken()] == [PHONE]


def test_a_refused_recipient_has_no_id_and_no_cost(desk, sms):
    answer = sms.send_to(PHONE, "+2547110")
    assert answer["SMSMessageData"]["Message"] == "Sent to 1/2 Total Cost: KES 0.8000"
    assert answer["SMSMessageData"]["Recipients"][1] == {
        "statusCode": 403,
        "number": "+2547110",
        "status": "InvalidPhoneNumber",
        "cost": "0",
        "messageId": "None",
    }


def test_a_number_of_another_country_is_not_supported(sms):
    assert sms.codes("+255711000001") == [404]


def test_a_sender_no_network_takes_sends_nothing(desk):
    answer = post(desk, username="sandbox", to=PHONE, message="Hi", **{"from": "HUDUMA CENTRE KENYA"})
    assert answer.status_code == 201
    assert answer.json() == {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}
    assert desk.taken() == []


def test_a_wrong_key_is_refused_as_text(desk):
    with pytest.raises(
        africastalking.Service.AfricasTalkingException, match=r"^The supplied authentication is invalid$"
    ):
        desk.sms(api_key="another").send_to(PHONE)
    assert post(desk, key="another", username="sandbox", to=PHONE, message="Hi").status_code == 401
    assert post(desk, username="somebody", to=PHONE, message="Hi").status_code == 401
    assert desk.taken() == []


@pytest.mark.parametrize("missing", ["to", "message"])
def test_a_missing_field_is_named(desk, missing):
    form = {"username": "sandbox", "to": PHONE, "message": "Hi"} | {missing: ""}
    answer = post(desk, **form)
    assert (answer.status_code, answer.text) == (400, f"Request is missing required form field '{missing}'")


def test_delivery_reports_come_in_order_and_name_the_message(desk, sms, zamu):
    sms.send_to(AIRTEL_PHONE)
    zamu.wait_for("/sms/delivery", 3)
    assert zamu.reports() == ["Sent", "Submitted", "Success"]
    assert zamu.got("/sms/delivery")[-1].form == {
        "id": desk.taken()[0]["id"],
        "status": "Success",
        "phoneNumber": AIRTEL_PHONE,
        "networkCode": "63902",
    }


def test_a_report_names_the_network_the_phone_was_last_seen_on(desk, sms, zamu):
    desk.dial(network="63903")
    sms.send_to(PHONE)
    assert zamu.wait_for("/sms/delivery")[0].form["networkCode"] == "63903"


def test_an_sms_from_a_phone_reaches_zamu(desk, zamu):
    message_id = desk.text("Ndiyo ā 1*2")
    [received] = zamu.wait_for("/sms/inbound")
    link = received.form.pop("linkId")
    assert len(link) == 16
    assert received.form == {
        "date": "2026-11-23T05:00:00Z",
        "from": PHONE,
        "id": message_id,
        "text": "Ndiyo ā 1*2",
        "to": "22191",
        "cost": "KES 0.0000",
        "networkCode": "63902",
    }


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"to": "HUDUMA", "text": "Hi"}, "Only the short code 22191 reaches Zamu."),
        ({"to": "22191", "text": ""}, "Type a message first."),
        ({"to": "22191"}, '"text" is missing, or is not text.'),
        ({"to": "22191", "text": "Hi", "network": "1"}, "There is no such network"),
    ],
)
def test_an_sms_that_cannot_be_carried_is_refused(desk, body, sentence):
    assert sentence in desk.refused("POST", f"/phones/{PHONE}/messages", body)


def test_an_inbound_sms_is_repeated_until_it_is_taken(desk, zamu):
    tries = iter([500, 404, 200])
    zamu.status = lambda _: next(tries, 200)
    message_id = desk.text("YES")
    received = zamu.wait_for("/sms/inbound", 3, tick=1)
    assert [repeat.form["id"] for repeat in received] == [message_id] * 3
    desk.text("NO")
    zamu.wait("/sms/inbound", lambda received: received[-1].form["text"] == "NO", tick=1)
    assert len(zamu.got("/sms/inbound")) == 4


def test_reports_keep_their_order_when_one_has_to_be_repeated(sms, zamu):
    tries = iter([200, 503])
    zamu.status = lambda _: next(tries, 200)
    sms.send_to(PHONE)
    zamu.wait_for("/sms/delivery", 4, tick=1)
    assert zamu.reports() == ["Sent", "Submitted", "Submitted", "Success"]


@pytest.mark.parametrize("word", ["STOP", " stop "])
def test_after_stop_a_send_is_refused_until_start(desk, sms, zamu, word):
    desk.text(word)
    [opt_out] = zamu.wait_for("/sms/opt-out")
    assert opt_out.form == {"senderId": "22191", "phoneNumber": PHONE}
    assert sms.codes(PHONE, AIRTEL_PHONE) == [406, 101]
    desk.text("START")
    assert sms.codes(PHONE) == [101]
    assert len(zamu.got("/sms/opt-out")) == 1
