"""The clock's eye on messages and money: what it finds is a line in the log, with counts and no people."""

from datetime import datetime

import structlog

from core.db import DatabaseDown
from core.messaging import money, watch
from sms.gateways import GatewayError
from workers.context import Context

FEW_DAYS = 3
"""An account that lasts no longer than this is warned of."""

_log = structlog.get_logger("watch")


def report_stuck(context: Context, now: datetime) -> None:
    """A line for each kind of stuck messages, as long as there are any."""
    with context.transaction() as db:
        found = watch.stuck(db, watch.lanes_now(db, context.settings.caps, now), now)
    for kind in watch.Kind:
        of_kind = [stuck for stuck in found if stuck.kind == kind]
        if of_kind:
            tell = _log.info if all(stuck.moving for stuck in of_kind) else _log.warning
            tell(
                "messages are stuck",
                kind=kind,
                **{stuck.lane: stuck.messages for stuck in of_kind},
                oldest_minutes=max(int((now - stuck.since).total_seconds() // 60) for stuck in of_kind),
            )


def ask_balance(context: Context, now: datetime) -> None:
    """Ask the gateway what the account has left, and keep it. No transaction is open while it answers."""
    try:
        kes = context.gateway.balance()
    except GatewayError as error:
        _log.warning("the gateway did not tell the balance", part="gateway", code=error.code)
        return
    if kes is None:
        _log.warning("the gateway's balance cannot be read", part="gateway")
        return
    with context.transaction() as db:
        account = money.keep_balance(db, gateway=context.gateway.name, kes=kes, now=now)
    days = account.days_left
    if kes <= 0 or (days is not None and days < FEW_DAYS):
        _log.warning("the account will soon be empty", kes=float(kes), days_left=days and round(days, 1))


def ask_balance_aside(context: Context, now: datetime) -> None:
    """`ask_balance` in a thread: a gateway that hangs must not keep the clock from its other jobs."""

    def ask() -> None:
        try:
            ask_balance(context, now)
        except DatabaseDown as error:
            _log.warning("the balance was not kept", part="postgresql", error=type(error).__name__)
        except Exception as error:
            # Nobody looks at what became of the thread, so it is said here.
            _log.exception("the balance was not asked for", error=type(error).__name__)

    context.executor.submit(ask)
