"""A phone in the terminal, over the simulator's JSON API."""

import json
import textwrap
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import urllib3

ENDED, FAILED, UNREACHABLE = 0, 1, 2
SMS_PATIENCE_SECONDS = 5.0
"""How long to look for an SMS that the last screen speaks of: a worker sends it a moment later."""
_LOOK_EVERY_SECONDS = 0.25
_REQUEST_SECONDS = 60.0
_WIDTH = 40
RULES = "Type an answer and press Enter; Enter alone sends an empty answer, as a phone can. Ctrl-D hangs up."


class _Unreachable(Exception):
    """The simulator did not do what was asked; `str()` is a sentence for the person."""


def dial(
    code: str,
    phone: str,
    network: str,
    simulator_url: str,
    *,
    read: Callable[[str], str],
    write: Callable[[str], object],
    sms_patience: float = SMS_PATIENCE_SECONDS,
) -> int:
    """Dial and hold the conversation until it ends; then show the SMS that came with it.

    Args:
        network: a name, such as safaricom, or a networkCode, such as 63902.
        read: asks for one line with a prompt and returns it, like `input`; EOFError or KeyboardInterrupt hangs up.
        write: shows some lines, like `print`.
        sms_patience: seconds to wait for an SMS, if the last screen speaks of one.

    Returns:
        0 when the session ended or the person hung up, 1 when the network broke it, 2 when the simulator refused or
        cannot be reached.
    """
    with urllib3.PoolManager(retries=False, timeout=_REQUEST_SECONDS) as pool:
        line = _Line(pool, simulator_url.rstrip("/"), phone)
        try:
            known = {message["id"] for message in line.inbox()}
            write(RULES)
            screen = _converse(line, line.dial(code, network), read, write)
            promised = "SMS" in screen["text"]
            fresh = _new_messages(line, known, sms_patience if promised else 0)
            for message in reversed(fresh):
                write(f"SMS from {message['from']}: {message['text']}")
            if promised and not fresh:
                write(f"No SMS yet: when it comes, it is in the inbox of {phone} at {simulator_url}.")
        except _Unreachable as problem:
            write(str(problem))
            return UNREACHABLE
    return FAILED if screen["state"] == "failed" else ENDED


class _Line:
    """One phone's calls to the simulator."""

    def __init__(self, pool: urllib3.PoolManager, base: str, phone: str) -> None:
        self._pool = pool
        self._base = base
        self._phone = quote(phone, safe="")

    def dial(self, code: str, network: str) -> dict[str, Any]:
        return self._call("POST", f"/phones/{self._phone}/dial", {"code": code, "network": network})

    def answer(self, session: str, text: str) -> dict[str, Any]:
        return self._call("POST", f"/sessions/{session}/answer", {"text": text})

    def hang_up(self, session: str) -> None:
        self._call("POST", f"/sessions/{session}/drop", {})

    def session(self, session: str) -> dict[str, Any]:
        return self._call("GET", f"/sessions/{session}")

    def inbox(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._call("GET", f"/phones/{self._phone}/inbox")["messages"]
        return messages

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = self._pool.request(method, self._base + path, json=body)
            found: dict[str, Any] = answer.json()
        except (urllib3.exceptions.HTTPError, json.JSONDecodeError, UnicodeDecodeError):
            raise _Unreachable(f"The simulator at {self._base} does not answer; is it running?") from None
        if answer.status >= 400:
            raise _Unreachable(found.get("error", f"The simulator answered HTTP {answer.status}."))
        return found


def _converse(
    line: _Line, screen: dict[str, Any], read: Callable[[str], str], write: Callable[[str], object]
) -> dict[str, Any]:
    """Show screens and send answers while the session is open; returns the last screen, blank after hanging up."""
    write(box(screen))
    while screen["state"] == "open":
        try:
            text = read("> ")
        except (EOFError, KeyboardInterrupt):
            line.hang_up(screen["session"])
            write("You hung up.")
            return {**screen, "state": "ended", "text": ""}
        limit = screen["input_limit"]
        if len(text) > limit:
            write(f"This network carries at most {limit} characters; that was {len(text)}.")
            continue
        # The network may have ended the session while the person was thinking.
        screen = line.session(screen["session"])
        if screen["state"] == "open":
            screen = line.answer(screen["session"], text)
        write(box(screen))
    return screen


def box(screen: dict[str, Any]) -> str:
    """A screen as the terminal shows it: the text in a frame, its length under it."""
    lines = [
        part
        for line in screen["text"].split("\n")
        for part in textwrap.wrap(line, _WIDTH, replace_whitespace=False) or [""]
    ]
    edge = "─" * (_WIDTH + 2)
    unit = "septets" if screen["coding"] == "GSM-7" else "UCS-2 units"
    over = " TOO LONG" if screen["septets"] > screen["limit"] else ""
    framed = [f"│ {line:<{_WIDTH}} │" for line in lines]
    return "\n".join([f"┌{edge}┐", *framed, f"└{edge}┘", f"  {screen['septets']} of {screen['limit']} {unit}{over}"])


def _new_messages(line: _Line, known: set[str], patience: float) -> list[dict[str, Any]]:
    """The SMS that have come since, newest first: at once when there are any, else after `patience` seconds."""
    give_up = time.monotonic() + patience
    while True:
        fresh = [message for message in line.inbox() if message["id"] not in known]
        if fresh or time.monotonic() >= give_up:
            return fresh
        time.sleep(_LOOK_EVERY_SECONDS)
