"""Letters: claimed messages put into words, and gathered into calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from core.catalogue.snapshot import Catalogue
from core.messaging.relay import Claimed, Fate, Result
from core.messaging.segments import segments
from core.messaging.senders import Sender
from core.messaging.templates import Speech, Unworded, render
from core.people.sealing import Unsealable
from workers.context import Context

_log = structlog.get_logger("workers")


class Letter(NamedTuple):
    """A claimed message, put into words."""

    claimed: Claimed
    phone: str
    text: str
    sender: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the gateway: the same text under the same sender to several phones."""

    text: str
    sender: str | None
    segments: int
    """Of the text: each recipient costs as many."""
    letters: tuple[Letter, ...]


def word(context: Context, catalogue: Catalogue, claimed: Sequence[Claimed]) -> tuple[list[Letter], list[Result]]:
    """The letters of a claim, and the results of what cannot be one. Identical messages are worded once."""
    writer = _Writer(context, catalogue)
    letters, unworded = [], []
    for message in claimed:
        try:
            letters.append(writer.letter(message))
        except Unworded as error:
            _log.error("a message cannot be worded", message_id=message.id, template=message.template, code=error.code)
            unworded.append(Result(message.id, message.attempt, Fate.FAILED, error.code))
        except Unsealable:
            # Perhaps only this process has the wrong key: so not for good at the first attempt.
            _log.error("a phone cannot be unsealed", message_id=message.id)
            unworded.append(Result(message.id, message.attempt, Fate.RETRY, "unsealable"))
    return letters, unworded


class _Writer:
    """Remembers for the length of a claim what it has worded."""

    def __init__(self, context: Context, catalogue: Catalogue) -> None:
        self._context, self._catalogue = context, catalogue
        self._senders: dict[tuple[str, str | None], Sender] = {}
        self._texts: dict[tuple[str, int, str, Sender], str] = {}

    def letter(self, message: Claimed) -> Letter:
        """Raises:
        Unworded, Unsealable: it cannot be written.
        """
        phone = self._context.register.open_phone(message.person.phone_sealed)
        leaves = (message.lane, message.person.network)
        sender = self._senders.get(leaves)
        if sender is None:
            sender = self._senders[leaves] = self._context.settings.sender(*leaves)
        # In a claim, equal arguments are one object.
        key = (message.template, id(message.arguments), message.language, sender)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._render(message, sender)
        return Letter(message, phone, text, sender.address)

    def _render(self, message: Claimed, sender: Sender) -> str:
        speech = Speech(self._catalogue, self._context.settings.ussd_codes[0].code, self._context.register, sender)
        return render(message.template, message.arguments, language=message.language, speech=speech)


def group(letters: Iterable[Letter], most: int) -> Iterator[Call]:
    """Calls of identical texts under one sender, at most `most` recipients each and no phone twice in one."""
    by_text: dict[tuple[str, str | None], list[dict[str, Letter]]] = {}
    for letter in letters:
        calls = by_text.setdefault((letter.text, letter.sender), [{}])
        # The answer names recipients by phone: a second copy to the same one needs a call of its own.
        call = next((call for call in reversed(calls) if len(call) < most and letter.phone not in call), None)
        if call is None:
            call = {}
            calls.append(call)
        call[letter.phone] = letter
    for (text, sender), calls in by_text.items():
        size = segments(text)
        for call in calls:
            yield Call(text, sender, size, tuple(call.values()))
