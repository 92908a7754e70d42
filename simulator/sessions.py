"""USSD sessions as the network keeps them: dialled, answered, timed out, dropped."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from simulator.callbacks import Callback, Callbacks, Form, NoAnswer
from simulator.clock import Clock, stamp
from simulator.config import ServiceCode
from simulator.errors import Refusal
from simulator.knobs import KnobBoard
from simulator.networks import SESSION_SECONDS, Network
from simulator.subscribers import Subscribers

CONNECTION_PROBLEM = "Connection problem or invalid MMI code."
TIMED_OUT = "Your session has timed out."
MOST_KEPT = 10_000
"""Sessions remembered; beyond it the oldest are forgotten."""


class State(StrEnum):
    """What the phone knows of a session: still open, properly over, or broken by the network."""

    OPEN = "open"
    ENDED = "ended"
    FAILED = "failed"


class Outcome(StrEnum):
    """What the end-of-session event says."""

    SUCCESS = "Success"
    INCOMPLETE = "Incomplete"
    FAILED = "Failed"


class UnknownCode(Exception):
    """The dialled code is not routed to Zamu; the phone shows CONNECTION_PROBLEM and there is no session."""


@dataclass(slots=True)
class Session:
    """One USSD session.

    Attributes:
        parts: a shared code's prefix, a dial string's extras, the answers; joined by `*` they are the cumulative text.
        shown_at: when the phone got its last screen, which starts the idle time.
        waiting: Zamu has not answered the last hop yet.
        text: what the phone shows.
        reply: what Zamu answered last, as it was sent.
        previous: the form of the last answered hop, for late copies.
    """

    id: str
    msisdn: str
    network: Network
    code: str
    parts: list[str]
    started: datetime
    shown_at: datetime
    waiting: bool = True
    hops: int = 0
    state: State = State.OPEN
    text: str = ""
    reply: str = ""
    previous: Form | None = field(default=None, repr=False)

    def seconds_left(self, now: datetime) -> tuple[float, float]:
        """What is left of the session and of the person's time to think, both at least 0."""
        session = SESSION_SECONDS - (now - self.started).total_seconds()
        idle: float = self.network.idle_seconds
        if not self.waiting:
            idle -= (now - self.shown_at).total_seconds()
        return max(0.0, session), max(0.0, idle)


class Sessions:
    """All sessions; safe for all threads. Nothing is locked while Zamu is being asked."""

    def __init__(
        self,
        codes: tuple[ServiceCode, ...],
        *,
        clock: Clock,
        board: KnobBoard,
        callbacks: Callbacks,
        subscribers: Subscribers,
    ) -> None:
        self._codes = sorted(codes, key=lambda service: len(service.code), reverse=True)
        self._clock = clock
        self._board = board
        self._callbacks = callbacks
        self._subscribers = subscribers
        self._lock = threading.RLock()
        self._sessions: dict[str, Session] = {}

    def dial(self, msisdn: str, dialled: str, network: Network) -> Session:
        """Open a session and return it with its first screen; a session the phone still had is over.

        Raises:
            Refusal: this is not a dial string.
            UnknownCode: nothing is routed for it.
        """
        code, parts = self._route(dialled)
        now = self._clock.now()
        session = Session(f"ATUid_{secrets.token_hex(16)}", msisdn, network, code, parts, started=now, shown_at=now)
        self._subscribers.seen(msisdn, network)
        with self._lock:
            for other in self._sessions.values():
                if other.msisdn == msisdn and other.state is State.OPEN:
                    self._finish(other, State.ENDED, Outcome.INCOMPLETE, text="", error="The person dialled again.")
            self._sessions[session.id] = session
            while len(self._sessions) > MOST_KEPT:
                del self._sessions[next(iter(self._sessions))]
        self._hop(session)
        return session

    def answer(self, session_id: str, text: str) -> Session:
        """Send what the person typed and return the session with its next screen.

        Raises:
            Refusal: no such session, it is over, it still waits for Zamu, or the network carries no text that long.
        """
        with self._lock:
            session = self.get(session_id)
            if session.state is not State.OPEN:
                raise Refusal("The session is over; dial again.", 409)
            if session.waiting:
                raise Refusal("The network is still waiting for the answer before this one.", 409)
            if len(text) > session.network.input_limit:
                limit = session.network.input_limit
                raise Refusal(f"{session.network.name} carries at most {limit} characters; this has {len(text)}.")
            session.parts.append(text)
            session.waiting = True
        self._hop(session)
        return session

    def drop(self, session_id: str) -> Session:
        """End the session from the network's side, or because the person hung up; one that is over stays as it is."""
        with self._lock:
            session = self.get(session_id)
            if session.state is State.OPEN:
                self._drop(session)
            return session

    def get(self, session_id: str) -> Session:
        """The session, timed out if its time is over.

        Raises:
            Refusal: there is no such session.
        """
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None:
                raise Refusal("There is no such session.", 404)
            self._expire(session)
            return session

    def expire(self) -> None:
        """End every session whose time is over; call it often."""
        with self._lock:
            for session in self._sessions.values():
                self._expire(session)

    def _route(self, dialled: str) -> tuple[str, list[str]]:
        """The service code and the first answers of a dial string; the longest configured code wins."""
        dialled = dialled.strip()
        if not dialled or set(dialled) - set("0123456789*#"):
            raise Refusal("A dial string holds digits, * and # only.")
        for service in self._codes:
            stem = service.code.removesuffix("#")
            first = [service.prefix] if service.prefix else []
            if dialled == service.code:
                return service.code, first
            if dialled.startswith(f"{stem}*") and dialled.endswith("#"):
                return service.code, [*first, *dialled[len(stem) + 1 : -1].split("*")]
        raise UnknownCode

    def _hop(self, session: Session) -> None:
        knobs = self._board.now
        session.hops += 1
        form = {
            "sessionId": session.id,
            "phoneNumber": session.msisdn,
            "networkCode": session.network.code,
            "serviceCode": session.code,
            "text": "*".join(session.parts),
        }
        self._clock.sleep(knobs.latency_seconds)
        twice = knobs.duplicate_callbacks or (knobs.duplicate_first_hop and session.hops == 1)
        reply, problem = "", ""
        try:
            reply = self._callbacks.hop(form, twice=twice)
        except NoAnswer as refusal:
            problem = str(refusal)
        if knobs.late_copies and session.previous is not None:
            self._callbacks.repeat_hop(session.previous)
        with self._lock:
            session.waiting, session.previous = False, form
            session.shown_at = self._clock.now()
            if session.state is State.OPEN:
                self._show(session, reply, problem)
                if session.state is State.OPEN and session.hops == knobs.drop_after_hops:
                    self._drop(session)

    def _show(self, session: Session, reply: str, problem: str) -> None:
        session.reply = reply
        word, text = reply[:3], reply[3:]
        if problem or word not in {"CON", "END"} or text[:1] not in {" ", "\n", ""}:
            error = problem or "The answer began with neither CON nor END."
            self._finish(session, State.FAILED, Outcome.FAILED, text=CONNECTION_PROBLEM, error=error)
        elif word == "END":
            self._finish(session, State.ENDED, Outcome.SUCCESS, text=text[1:])
        else:
            session.text = text[1:]

    def _drop(self, session: Session) -> None:
        self._finish(
            session, State.FAILED, Outcome.INCOMPLETE, text=CONNECTION_PROBLEM, error="The session was dropped."
        )

    def _expire(self, session: Session) -> None:
        if session.state is State.OPEN and min(session.seconds_left(self._clock.now())) <= 0:
            self._finish(session, State.ENDED, Outcome.INCOMPLETE, text=TIMED_OUT, error="The session timed out.")

    def _finish(self, session: Session, state: State, outcome: Outcome, *, text: str, error: str = "") -> None:
        session.state, session.text = state, text
        now = self._clock.now()
        event = {
            "date": stamp(now),
            "sessionId": session.id,
            "serviceCode": session.code,
            "networkCode": session.network.code,
            "phoneNumber": session.msisdn,
            "status": outcome.value,
            "cost": "KES 0.0000",
            "durationInMillis": str(round((now - session.started) / timedelta(milliseconds=1))),
            "hopsCount": str(session.hops),
            "input": "*".join(session.parts),
            "lastAppResponse": session.reply,
        }
        if error:
            event["errorMessage"] = error
        self._callbacks.later([Callback("ussd/events", event, twice=self._board.now.duplicate_callbacks)])
