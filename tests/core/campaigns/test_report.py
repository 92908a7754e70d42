"""How a campaign went: by status, reason, network and cost."""

from decimal import Decimal

from core.messaging.tables import DeliveryReport, Status


def test_messages_are_counted_by_status_reason_network_and_cost(office):
    office.shelve(6)
    office.shelve(2, owner=None)
    campaign_id = office.starts()
    office.writes_all()
    ids = [m.id for m in office.messages(campaign_id)]
    taken = {"gateway": "africastalking", "segments": 1, "cost_kes": Decimal("0.8")}
    for nth, (message_id, status) in enumerate(zip(ids, [*[Status.DELIVERED] * 3, Status.SENT], strict=False)):
        office.becomes(status, message_id, gateway_id=f"id-{nth}", **taken)
    office.becomes(Status.FAILED, ids[4], error="invalid_phone")
    with office.transaction() as db:
        for nth, network, status in ((0, "63902", "Sent"), (0, "63903", "Success"), (1, "63902", "Success")):
            report = {"gateway": "africastalking", "gateway_id": f"id-{nth}", "status": status, "at": office.now}
            db.add(DeliveryReport(network=network, **report))
            db.flush()
        db.add(DeliveryReport(network="64001", **(report | {"gateway_id": "id-2"})))
    seen = office.report(campaign_id)
    assert seen.by_status == {Status.DELIVERED: 3, Status.SENT: 1, Status.FAILED: 1, Status.PENDING: 1}
    assert seen.why == {(Status.FAILED, "invalid_phone"): 1}
    assert seen.by_network == {
        "Airtel": {Status.DELIVERED: 1},
        "Safaricom": {Status.DELIVERED: 1},
        "64001": {Status.DELIVERED: 1},
    }
    assert (seen.segments, seen.cost_kes) == (4, Decimal("3.2"))
    assert (seen.campaign.recipients, seen.campaign.written, seen.campaign.left_out) == (6, 6, {"no_phone": 2})


def test_of_a_campaign_that_has_written_nothing_there_is_nothing_to_report(office):
    seen = office.report(office.drafts())
    assert (seen.by_status, seen.by_network, seen.segments, seen.cost_kes) == ({}, {}, 0, 0)
