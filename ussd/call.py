"""One hop from load to save: what was known of the call, what the answer does, and what is kept of it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core import wording
from core.catalogue.live import LiveCatalogue
from core.db import Session, Transaction
from core.messaging import outbox
from core.people.register import Register
from core.people.sealing import Sealer
from core.wording import gettext as _
from ussd import standby
from ussd.dialogue import Dialogue
from ussd.hop import Hop
from ussd.machine import Machine, Outcome
from ussd.sessions import Loaded, SessionStore, StoreDown
from ussd.turn import Turn, Walk


@dataclass(frozen=True, slots=True)
class Backstage:
    """What every turn works with, made once a process."""

    machine: Machine
    store: SessionStore
    transaction: Transaction
    reading: Transaction
    """Opens READ ONLY transactions, for walking over answers that were not seen one by one."""
    catalogue: LiveCatalogue
    register: Register
    sealer: Sealer
    wake: Callable[[str], None]
    """Called with a lane after a commit that wrote messages to it."""


@dataclass(frozen=True, slots=True)
class Answered:
    reply: str
    screen: str
    language: str
    outcome: str
    """answered, replayed, ended or unsaved."""


def answer(backstage: Backstage, hop: Hop, now: datetime) -> Answered:
    """Carry out a hop once, however often it arrives."""
    loaded, dialogue = _known(backstage, hop)
    if dialogue and _nothing_new(dialogue, hop):
        return _answered(dialogue, "replayed")
    if dialogue is None or hop.answers[: len(dialogue.answers)] != dialogue.answers:
        dialogue = Dialogue(language=wording.DEFAULT, turn=loaded.turn if loaded else 0)
        new, from_start = hop.answers, True
    else:
        new, from_start = hop.answers[len(dialogue.answers) :], False
        if "" in new or (dialogue.shown and dialogue.shown.question):
            new = ("*".join(new),)
    with wording.speaking(dialogue.language):
        turn, dialogue, outcome = _carry_out(backstage, hop, dialogue, new, loaded, from_start=from_start, now=now)
        return _save(backstage, hop, dialogue, outcome, turn=turn, stored=loaded is not None)


def _known(backstage: Backstage, hop: Hop) -> tuple[Loaded | None, Dialogue | None]:
    """What is in the session store (None: it is away), and where the call stands as far as anybody knows.

    Where the store is away, or was when the last answer came, PostgreSQL knows.
    """
    try:
        loaded = backstage.store.load(hop.session_id, hop.phone)
    except StoreDown:
        loaded = None
    dialogue = loaded.dialogue if loaded else None
    consumed = len(dialogue.answers) + 1 if dialogue else 0
    if loaded is None or len(hop.answers) > consumed:
        with backstage.reading() as db:
            further = standby.find(db, backstage.sealer, hop)
        if further and (dialogue is None or len(further.answers) > len(dialogue.answers)):
            further.turn = loaded.turn if loaded else 0
            return loaded, further
    return loaded, dialogue


def _nothing_new(dialogue: Dialogue, hop: Hop) -> bool:
    """A replay, a late copy (a beginning of what was answered already), or words after the end."""
    length = len(hop.answers)
    return dialogue.answers[:length] == hop.answers or (
        dialogue.shown is None and hop.answers[: len(dialogue.answers)] == dialogue.answers
    )


def _carry_out(
    backstage: Backstage,
    hop: Hop,
    dialogue: Dialogue,
    new: Sequence[str],
    loaded: Loaded | None,
    *,
    from_start: bool,
    now: datetime,
) -> tuple[Turn, Dialogue, Outcome]:
    """Walk over all answers but the last, reading only; then carry out the last in a transaction of its own."""
    live = len(new) == 1 and not from_start
    passed, outcome = 0, Outcome()
    if not live and new:
        with _turn(backstage, hop, dialogue, new[:-1], backstage.reading, Walk.PASSING, now) as turn:
            if from_start:
                backstage.machine.begin(turn, dialogue, None)
            for count, text in enumerate(new[:-1], start=1):
                if dialogue.shown is None:
                    break
                turn.answers = (*dialogue.answers, *new[:count])
                outcome = _merge(outcome, backstage.machine.answer(turn, dialogue, text))
            passed = turn.passed
    walk = Walk.LIVE if live or not new else Walk.LAST
    with _turn(backstage, hop, dialogue, new, backstage.transaction, walk, now, passed) as turn:
        if not new:
            journey = loaded.journey if loaded else None
            outcome = backstage.machine.begin(turn, dialogue, journey)
        elif dialogue.shown is not None:
            outcome = _merge(outcome, backstage.machine.answer(turn, dialogue, new[-1]))
        dialogue.answers = hop.answers
        if loaded is None:
            dialogue = standby.keep(turn.db, backstage.sealer, hop, dialogue, now)
    if turn.touched_database:
        for lane in outbox.lanes_noted(turn.db):
            backstage.wake(lane)
    return turn, dialogue, outcome


@contextlib.contextmanager
def _turn(
    backstage: Backstage,
    hop: Hop,
    dialogue: Dialogue,
    new: Sequence[str],
    transaction: Transaction,
    walk: Walk,
    now: datetime,
    passed: int = 0,
) -> Iterator[Turn]:
    """A turn whose transaction, if a screen opens one, commits when the block ends."""
    with contextlib.ExitStack() as stack:

        def open_transaction() -> Session:
            return stack.enter_context(transaction())

        yield Turn(
            hop,
            now=now,
            catalogue=backstage.catalogue.current(),
            register=backstage.register,
            sealer=backstage.sealer,
            open_transaction=open_transaction,
            walk=walk,
            answers=(*dialogue.answers, *new),
            passed=passed,
        )


def _merge(before: Outcome, after: Outcome) -> Outcome:
    if after.journey or after.forget:
        return after
    return before


def _save(
    backstage: Backstage, hop: Hop, dialogue: Dialogue, outcome: Outcome, *, turn: Turn, stored: bool
) -> Answered:
    came_of_it = "answered" if dialogue.shown else "ended"
    if not stored:
        return _answered(dialogue, came_of_it)
    try:
        faster = backstage.store.save(
            hop.session_id, hop.phone, dialogue, journey=outcome.journey, forget=outcome.forget
        )
    except StoreDown:
        if turn.acted and dialogue.shown is not None:
            # What was done is committed, but the next answer might be taken for part of this one.
            said = _("Saved. To go on, dial {code} again.").format(code=hop.code)
            return Answered(f"END {said}", _screen(dialogue), dialogue.language, "unsaved")
        return _answered(dialogue, "unsaved")
    if faster is not None and _nothing_new(faster, hop):
        return _answered(faster, "replayed")
    return _answered(dialogue, came_of_it)


def _answered(dialogue: Dialogue, outcome: str) -> Answered:
    return Answered(dialogue.reply, _screen(dialogue), dialogue.language, outcome)


def _screen(dialogue: Dialogue) -> str:
    return dialogue.stack[-1].screen if dialogue.stack else "machine.offer"
