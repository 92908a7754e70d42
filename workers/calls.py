"""One call of the gateway, and what it means for each of its messages."""

import structlog

from core.messaging.relay import Fate, Result
from sms.gateways import STOPS_LANE, Gateway, GatewayError, Receipt
from workers.letters import Call, Letter

_log = structlog.get_logger("workers")


def make(gateway: Gateway, call: Call) -> tuple[list[Result], str | None]:
    """The results of a call, and the trouble that is not a single recipient's: its code, if there was any."""
    try:
        receipts = gateway.send(call.text, [letter.phone for letter in call.letters], call.sender)
        pairs = list(zip(call.letters, receipts, strict=True))
    except GatewayError as error:
        fate = _fate(error.code, retryable=error.retryable, outcome_known=error.outcome_known)
        code: str | None = error.code
    except Exception as error:
        # It may have happened after the gateway took the call; the text of the error may name phones.
        _log.error("the gateway's adapter failed", error=type(error).__name__)
        fate, code = Fate.UNKNOWN, "adapter_failed"
    else:
        return [_of_receipt(gateway.name, call, *pair) for pair in pairs], next(
            (r.error for r in receipts if r.error in STOPS_LANE), None
        )
    # A call refused for what is in it says nothing about the others.
    trouble = code if fate is not Fate.FAILED else None
    return [_result(call, letter, fate, code) for letter in call.letters], trouble


def not_made(call: Call) -> list[Result]:
    """The results of a call that was not begun."""
    return [_result(call, letter, Fate.HELD, None) for letter in call.letters]


def _of_receipt(gateway: str, call: Call, letter: Letter, receipt: Receipt) -> Result:
    if not receipt.accepted:
        code = receipt.error or "refused"
        fate = _fate(code, retryable=receipt.retryable, outcome_known=receipt.outcome_known)
        return _result(call, letter, fate, code)
    return Result(
        letter.claimed.id,
        letter.claimed.attempt,
        Fate.SENT,
        gateway=gateway,
        gateway_id=receipt.gateway_id,
        segments=call.segments,
        cost_kes=receipt.cost_kes,
        sender=call.sender,
    )


def _fate(code: str, *, retryable: bool, outcome_known: bool) -> Fate:
    if not outcome_known:
        return Fate.UNKNOWN
    if code in STOPS_LANE:
        return Fate.HELD
    return Fate.RETRY if retryable else Fate.FAILED


def _result(call: Call, letter: Letter, fate: Fate, error: str | None) -> Result:
    return Result(letter.claimed.id, letter.claimed.attempt, fate, error, segments=call.segments, sender=call.sender)
