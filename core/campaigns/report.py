"""How a campaign goes: how far it is, what became of its messages, on which network, and what they cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core.campaigns.tables import Campaign
from core.db import Session
from core.messaging.tables import DeliveryReport, Message, Status
from core.phones import NETWORKS

_SLICE = 50_000
"""Messages whose reports are looked up in one statement."""


@dataclass(frozen=True, slots=True)
class Report:
    campaign: Campaign
    by_status: Mapping[Status, int]
    why: Mapping[tuple[Status, str], int]
    """Of those that failed or were withheld, and of unknown ones, by reason (a stable code)."""
    by_network: Mapping[str, Mapping[Status, int]]
    """Of those of which the network has said anything."""
    segments: int
    cost_kes: Decimal
    """Booked from receipts; nothing for what has not been handed over."""


def progress(db: Session, campaign_id: int) -> Counter[Status]:
    """How many messages of a campaign have come to what, and nothing else: cheap enough to be asked all the time."""
    counted = sa.select(Message.status, sa.func.count()).where(Message.campaign_id == campaign_id)
    return Counter({Status(status): count for status, count in db.execute(counted.group_by(Message.status))})


def report(db: Session, campaign: Campaign) -> Report:
    """As it stands now; read only."""
    counted = db.execute(
        sa.select(
            Message.status,
            Message.error,
            sa.func.count(),
            sa.func.sum(Message.segments),
            sa.func.sum(Message.cost_kes),
        )
        .where(Message.campaign_id == campaign.id)
        .group_by(Message.status, Message.error)
    ).all()
    by_status: Counter[Status] = Counter()
    why: Counter[tuple[Status, str]] = Counter()
    segments, cost = 0, Decimal(0)
    for status, error, count, some_segments, some_cost in counted:
        segments += some_segments or 0
        cost += some_cost or 0
        by_status[Status(status)] += count
        if error and status in (Status.FAILED, Status.WITHHELD, Status.UNKNOWN):
            why[Status(status), error] += count
    return Report(campaign, by_status, why, _by_network(db, campaign.id), segments, cost)


def _by_network(db: Session, campaign_id: int) -> dict[str, Counter[Status]]:
    """A message counts for the network that reported of it last."""
    network = (
        sa.select(DeliveryReport.network)
        .where(
            DeliveryReport.gateway == Message.gateway,
            DeliveryReport.gateway_id == Message.gateway_id,
            DeliveryReport.network.is_not(None),
        )
        .order_by(DeliveryReport.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    of_campaign = Message.campaign_id == campaign_id
    first, last = db.execute(sa.select(sa.func.min(Message.id), sa.func.max(Message.id)).where(of_campaign)).one()
    found: dict[str, Counter[Status]] = {}
    for begin in range(first or 0, (last or -1) + 1, _SLICE):
        rows = (
            sa.select(Message.status, network.label("network"))
            .where(of_campaign, Message.id >= begin, Message.id < begin + _SLICE, Message.gateway_id.is_not(None))
            .subquery()
        )
        counted = sa.select(rows.c.network, rows.c.status, sa.func.count()).group_by(rows.c.network, rows.c.status)
        for code, status, count in db.execute(counted):
            if code is not None:
                found.setdefault(NETWORKS.get(code, code), Counter())[Status(status)] += count
    return found
