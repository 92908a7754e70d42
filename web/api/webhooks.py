"""Webhooks: where an agency wants to be told what happens to its services' bookings, documents and appointments."""

from typing import Any

from core.idempotency import Outcome
from core.partners import webhooks
from core.partners.keys import Scope
from core.partners.tables import Webhook
from web.api import schemas
from web.api.door import Call, Door, Operation
from web.work import Work

TAG = "Webhooks"
_ONE = "/webhooks/<row:webhook_id>"


def add(door: Door, work: Work) -> None:
    scope = Scope.WEBHOOKS_WRITE
    secrets = webhooks.Secrets(work.settings.secret_key)

    def with_secret(call: Call, answer: Outcome) -> Outcome:
        """What is kept of the request does not hold it."""
        added = call.db.get_one(Webhook, answer["id"])
        return answer | {"secret": secrets.open(added.secret_sealed)}

    @door.operation(
        "POST",
        "/webhooks",
        Operation(
            scope=scope,
            answer=schemas.AddedWebhook,
            status=201,
            body=schemas.NewWebhook,
            problems=(409,),
            reveal=with_secret,
            tag=TAG,
        ),
    )
    def add_webhook(call: Call, body: dict[str, Any]) -> dict[str, Any]:
        """Add a webhook

        It is told what happens from now on. The secret is shown in this answer, and never again.
        """
        webhook = webhooks.add(
            call.db,
            secrets,
            agency_id=call.partner.agency_id,
            url=body["url"],
            events=body["events"],
            actor=call.partner.actor,
            practice=call.work.settings.practice,
            now=call.now,
        )
        return _shown(webhook)

    @door.operation("GET", "/webhooks", Operation(scope=scope, answer=schemas.Webhooks, tag=TAG))
    def list_webhooks(call: Call) -> dict[str, Any]:
        """Your webhooks

        Also those that were added at the desk.
        """
        return {"items": [_shown(webhook) for webhook in webhooks.webhooks_of(call.db, call.partner.agency_id)]}

    @door.operation("GET", _ONE, Operation(scope=scope, answer=schemas.Webhook, tag=TAG))
    def read_webhook(call: Call, webhook_id: int) -> dict[str, Any]:
        """One webhook"""
        return _shown(webhooks.find(call.db, agency_id=call.partner.agency_id, webhook_id=webhook_id))

    @door.operation("DELETE", _ONE, Operation(scope=scope, answer=None, status=204, tag=TAG))
    def end_webhook(call: Call, webhook_id: int) -> None:
        """End a webhook

        What still waits for it is dropped.
        """
        webhooks.end(
            call.db,
            agency_id=call.partner.agency_id,
            webhook_id=webhook_id,
            actor=call.partner.actor,
            now=call.now,
        )


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "created_at": webhook.created_at,
        "failing_since": webhook.failing_since,
    }
