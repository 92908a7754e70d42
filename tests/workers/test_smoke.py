"""The message of `zamu smoke`, all the way: outbox, worker, gateway, its report over HTTP."""

from core.messaging.tables import Lane
from tests.support import NOW, SECRET
from tests.workers.support import PHONE
from web.commands.going_live import follow, write_smoke
from workers.push import push_lane


def test_it_is_followed_from_the_outbox_to_the_phone(context, gateway, app):
    gateway.name = "africastalking"
    report = {"id": f"1-{PHONE}", "status": "Success", "phoneNumber": PHONE, "networkCode": "63902"}
    delivery = f"/sms/africastalking/{SECRET}/delivery"
    happens = iter(
        [
            lambda: push_lane(context, Lane.INTERACTIVE),
            lambda: app.test_client().post(delivery, data=report),
        ]
    )
    message_id = write_smoke(context.transaction, context.settings, PHONE, language="sw", by="Wanjiku", now=NOW)
    steps = list(follow(context.transaction, message_id, wait=60, pause=lambda seconds: next(happens)()))
    assert [step.split()[0] for step in steps] == ["Written", "Handed", "Delivered:"]
    ((text, phones, _),) = gateway.calls
    assert phones == [PHONE]
    assert text.startswith("Jaribio la SMS za Huduma.")
