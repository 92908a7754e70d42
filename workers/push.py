"""Pushing a lane: claim, commit, call, settle, until there is nothing left.

What can go wrong, and what becomes of a message then:

    before the claim is committed      to be sent
    no connection to the gateway       to be sent again, later and not for ever
    the gateway says no                failed, with its reason
    no credit, or a wrong setting      to be sent when an operator lets the lane go on
    no answer, or none to be read      unknown: not sent again by itself
    we die while it is being called    unknown, when the sweep finds it
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog

from core.catalogue.snapshot import Catalogue
from core.db import DatabaseDown
from core.messaging import lanes, relay
from core.messaging.relay import Claimed, Fate, Result
from core.messaging.segments import segments
from core.messaging.tables import Lane
from core.messaging.templates import Speech, Unworded, render
from core.people.sealing import Unsealable
from sms.gateways import STOPS_LANE, GatewayError, Receipt
from workers.context import Context

SHIFT_SECONDS = 60.0
"""After this long a push leaves the rest to the next job, so that the worker shows that it is alive."""
SETTLE_PAUSES = (0.2, 1.0, 3.0, 9.0)
"""Seconds between tries to settle when the database is away: what is not settled becomes unknown."""

_log = structlog.get_logger("workers")


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message, put into words."""

    claimed: Claimed
    phone: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the gateway: the same text to several phones."""

    text: str
    letters: tuple[Letter, ...]


def push_lane(context: Context, lane: Lane) -> int:
    """Hand over what is due in a lane; returns how many messages were claimed.

    It ends when the lane is empty or frozen, when the gateway fails (the clock
    comes back to it), or after `SHIFT_SECONDS`, and then wakes the lane again.
    """
    claimed_in_all, began = 0, time.monotonic()
    while not context.stopping.is_set():
        # No more than one full call, because a crash leaves the outcome of all of them unknown.
        most = context.settings.at_batch
        claimed, letters, unworded = _claim(context, lane, most)
        claimed_in_all += len(claimed)
        if not claimed:
            break
        if len(claimed) == most:
            context.queues.wake(lane)  # more than one worker can carry: another may join in
        results, trouble = hand_over(context, lane, letters)
        _settle(context, lane, [*unworded, *results], trouble)
        if trouble:
            _log.warning("a push was broken off", lane=lane, trouble=trouble)
            break
        if time.monotonic() - began > SHIFT_SECONDS:
            context.queues.wake(lane)
            break
    return claimed_in_all


def _claim(context: Context, lane: Lane, limit: int) -> tuple[list[Claimed], list[Letter], list[Result]]:
    """Claim and word messages in one transaction, so that dying in between leaves them to be sent."""
    catalogue = context.catalogue.current()
    letters, unworded = [], []
    with context.transaction() as db:
        claimed = relay.claim(db, lane, limit=limit, now=context.now())
        for message in claimed:
            worded = _word(context, catalogue, message)
            if isinstance(worded, Letter):
                letters.append(worded)
            else:
                unworded.append(worded)
    return claimed, letters, unworded


def _word(context: Context, catalogue: Catalogue, message: Claimed) -> Letter | Result:
    try:
        phone = context.register.phone_of(message.person)
        text = render(
            message.template,
            message.arguments,
            language=message.language,
            speech=Speech(
                catalogue,
                context.settings.ussd_codes[0].code,
                context.register,
                context.settings.sender(message.lane, message.person.network),
            ),
        )
    except Unworded as error:
        _log.error("a message cannot be worded", message_id=message.id, template=message.template, code=error.code)
        return Result(message.id, message.attempt, Fate.FAILED, error.code)
    except Unsealable:
        # Perhaps only this process has the wrong key: so not for good at the first attempt.
        _log.error("a phone cannot be unsealed", message_id=message.id)
        return Result(message.id, message.attempt, Fate.RETRY, "unsealable")
    return Letter(message, phone, text)


def group(letters: Iterable[Letter], most: int) -> Iterator[Call]:
    """Calls of identical texts, at most `most` recipients each and no phone twice in one."""
    by_text: dict[str, list[dict[str, Letter]]] = {}
    for letter in letters:
        calls = by_text.setdefault(letter.text, [{}])
        # The answer names recipients by phone: a second copy to the same one needs a call of its own.
        call = next((call for call in calls if len(call) < most and letter.phone not in call), None)
        if call is None:
            call = {}
            calls.append(call)
        call[letter.phone] = letter
    for text, calls in by_text.items():
        for call in calls:
            yield Call(text, tuple(call.values()))


def hand_over(context: Context, lane: Lane, letters: Sequence[Letter]) -> tuple[list[Result], str | None]:
    """Call the gateway for all letters, several calls at once.

    Returns a result for each letter, and the code of the trouble that every
    other message would meet too, if there was any: calls not begun by then are
    not made, so that a gateway that hangs costs few messages their certainty.
    """
    sender = context.settings.at_senders.get(lane)
    halt, trouble = threading.Event(), set[str]()

    def make(call: Call) -> list[Result]:
        if halt.is_set() or context.stopping.is_set():
            return [_result(context, letter, Fate.HELD, None) for letter in call.letters]
        results, found = _call(context, call, sender)
        if found:
            trouble.add(found)
            halt.set()
        return results

    calls = group(letters, context.settings.at_batch)
    under_way: list[Future[list[Result]]] = [context.executor.submit(make, call) for call in calls]
    results = [result for future in under_way for result in future.result()]
    stop = next(iter(trouble & STOPS_LANE), None)
    return results, stop or next(iter(trouble), None)


def _call(context: Context, call: Call, sender: str | None) -> tuple[list[Result], str | None]:
    """One call: its results, and the trouble that is not a single recipient's."""
    try:
        receipts = context.gateway.send(call.text, [letter.phone for letter in call.letters], sender)
        pairs = list(zip(call.letters, receipts, strict=True))
    except GatewayError as error:
        fate = _fate(error.code, retryable=error.retryable, outcome_known=error.outcome_known)
        code: str | None = error.code
    except Exception as error:
        # It may have happened after the gateway took the call; the text of the error may name phones.
        _log.error("the gateway's adapter failed", error=type(error).__name__)
        fate, code = Fate.UNKNOWN, "adapter_failed"
    else:
        return [_of_receipt(context, *pair) for pair in pairs], next(
            (r.error for r in receipts if r.error in STOPS_LANE), None
        )
    # A call refused for what is in it says nothing about the others.
    trouble = code if fate is not Fate.FAILED else None
    return [_result(context, letter, fate, code) for letter in call.letters], trouble


def _of_receipt(context: Context, letter: Letter, receipt: Receipt) -> Result:
    if not receipt.accepted:
        code = receipt.error or "refused"
        fate = _fate(code, retryable=receipt.retryable, outcome_known=receipt.outcome_known)
        return _result(context, letter, fate, code)
    return Result(
        letter.claimed.id,
        letter.claimed.attempt,
        Fate.SENT,
        gateway=context.gateway.name,
        gateway_id=receipt.gateway_id,
        segments=segments(letter.text),
        cost_kes=receipt.cost_kes,
    )


def _fate(code: str, *, retryable: bool, outcome_known: bool) -> Fate:
    if not outcome_known:
        return Fate.UNKNOWN
    if code in STOPS_LANE:
        return Fate.HELD
    return Fate.RETRY if retryable else Fate.FAILED


def _result(context: Context, letter: Letter, fate: Fate, error: str | None) -> Result:
    return Result(letter.claimed.id, letter.claimed.attempt, fate, error, segments=segments(letter.text))


def _settle(context: Context, lane: Lane, results: Sequence[Result], trouble: str | None) -> None:
    """Settle, and freeze the lane if everything else in it would fail too.

    Raises:
        OperationalError: the database stayed away; the sweep will call these messages unknown.
    """

    def settle() -> None:
        with context.transaction() as db:
            relay.settle(db, results, now=context.now())
            if trouble in STOPS_LANE and lanes.freeze(db, lane, reason=trouble, now=context.now()):
                _log.error("a lane was frozen; put it right, then thaw it", lane=lane, reason=trouble)

    insist(settle, pause=context.stopping.wait)


def insist(
    act: Callable[[], None], *, pause: Callable[[float], object], pauses: Sequence[float] = SETTLE_PAUSES
) -> None:
    """Do something although the database is away for a moment.

    Raises:
        OperationalError: it was away for all the tries.
    """
    for seconds in pauses:
        try:
            return act()
        except DatabaseDown as error:
            _log.warning("settling is tried again", part="postgresql", error=type(error).__name__)
            pause(seconds)
    return act()
