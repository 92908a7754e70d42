"""What the operator watches of messages, money and webhooks, read from the database whenever somebody looks.

Numbers of rows, by lane or webhook: never a person. All of it comes from any one process,
so that nothing has to be added up over processes.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.clock import local_date
from core.db import DatabaseDown, Session, Transaction, answer_within
from core.messaging import desk, money, watch
from core.messaging.watch import LaneNow
from core.partners import watch as partners
from core.settings import Settings

WAIT_SECONDS = 2.4
"""For all of it together."""
MOST_REASONS = 30
"""Named one by one; some come from the networks, in words of theirs."""

_log = structlog.get_logger("health")


class Figures(Collector):
    """The gauges, in the order in which they are shown. If the database does not answer in time, only that is told."""

    def __init__(self, settings: Settings, transaction: Transaction, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._transaction = transaction
        self._now = now

    def page(self) -> bytes:
        """In Prometheus's format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering asks no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        found: list[Metric] = []
        try:
            with answer_within(WAIT_SECONDS), self._transaction() as db:
                now = self._now()
                lanes = watch.lanes_now(db, self._settings.caps, now)
                found += [*_lanes(lanes, now), _stuck(db, lanes, now), _dead(db, now), *_money(db, now)]
                found += _webhooks(db, now)
        except DatabaseDown as error:
            _log.warning("the figures cannot be read", part="postgresql", error=type(error).__name__)
        yield _gauge("zamu_figures_up", "Whether the database answered for the figures below", [((), len(found) > 0)])
        yield from found


def _lanes(lanes: list[LaneNow], now: datetime) -> Iterator[Metric]:
    open_ones = [
        ((at.lane, status), getattr(at, status)) for at in lanes for status in ("pending", "sending", "unknown", "sent")
    ]
    yield _gauge("zamu_messages", "Messages that are not settled", open_ones, "lane", "status")
    yield _gauge("zamu_messages_due", "Messages that could leave now", [((at.lane,), at.due) for at in lanes], "lane")
    ages = [((at.lane,), _age(at.oldest_due, now)) for at in lanes]
    yield _gauge("zamu_oldest_due_seconds", "Since when the oldest message that could leave is due", ages, "lane")
    frozen = [((at.lane,), at.frozen is not None) for at in lanes]
    yield _gauge("zamu_lane_frozen", "1: an operator or an empty account has stopped the lane", frozen, "lane")
    capped = [((at.lane,), at.cap is not None) for at in lanes]
    yield _gauge("zamu_lane_capped", "1: the lane has cost as much as it may", capped, "lane")


def _stuck(db: Session, lanes: list[LaneNow], now: datetime) -> Metric:
    found = {(stuck.kind, stuck.lane): stuck.messages for stuck in watch.stuck(db, lanes, now) if not stuck.moving}
    every = [((kind, at.lane), found.get((kind, at.lane), 0)) for kind in watch.Kind for at in lanes]
    return _gauge("zamu_messages_stuck", "Messages that somebody should look after, by kind", every, "kind", "lane")


def _dead(db: Session, now: datetime) -> Metric:
    counts: dict[tuple[str, ...], int] = {}
    for number, reason in enumerate(desk.reasons(db, since=now - timedelta(hours=24))):
        error = (reason.error or "") if number < MOST_REASONS else "other"
        labels = (reason.status.value, error)
        counts[labels] = counts.get(labels, 0) + reason.messages
    return _gauge("zamu_dead_letters", "Messages that came to nothing in 24 hours", counts.items(), "status", "reason")


def _money(db: Session, now: datetime) -> Iterator[Metric]:
    today = local_date(now)
    for span in ("day", "month"):
        spent = [((what,), float(cost.kes)) for what, cost in money.costs(db, money.begins(span, today)).items()]
        yield _gauge(f"zamu_spent_{span}_kes", f"What this {span} has cost so far, by lane and for USSD", spent, "what")
    account = money.account(db, now)
    if account is None:
        return
    yield _gauge("zamu_balance_kes", "What the gateway's account had when it was last asked", [((), account.kes)])
    yield _gauge("zamu_balance_age_seconds", "Since when that is known", [((), _age(account.at, now))])
    if account.days_left is not None:
        yield _gauge("zamu_days_left", "How long the account lasts at the cost of late", [((), account.days_left)])


def _webhooks(db: Session, now: datetime) -> Iterator[Metric]:
    due = _age(partners.oldest_due(db, now=now), now)
    yield _gauge("zamu_webhook_oldest_due_seconds", "Since when the oldest could be told to an agency", [((), due)])
    live = [((at.agency, str(at.webhook_id)), at) for at in partners.webhooks_now(db)]
    failing = [(labels, _age(at.failing_since, now)) for labels, at in live]
    yield _gauge("zamu_webhook_failing_seconds", "Since when a webhook takes nothing", failing, "agency", "webhook")
    open_ones = [((*labels, state), getattr(at, state)) for labels, at in live for state in ("waiting", "given_up")]
    yield _gauge("zamu_webhook_messages", "Not taken by a webhook", open_ones, "agency", "webhook", "state")


def _age(moment: datetime | None, now: datetime) -> float:
    return (now - moment).total_seconds() if moment else 0.0


def _gauge(name: str, told: str, values: Iterable[tuple[tuple[str, ...], object]], *labels: str) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, told, labels=labels)
    for label, value in values:
        gauge.add_metric([str(part) for part in label], float(value))  # type: ignore[arg-type]
    return gauge
