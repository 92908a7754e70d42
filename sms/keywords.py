"""What a citizen's SMS asks for, however it is typed. Pure, and nothing here raises.

STOP is understood generously: going on to write to somebody who said stop is
worse than asking once more. CANCEL, NO and YES are understood strictly, since
they do things: beside them only words that change nothing may stand.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from core.errors import Malformed
from core.references import parse_reference
from sms import words
from sms.words import Kind, Word

__all__ = ["Kind", "Understood", "understand"]

MOST_CHARACTERS = 1000
"""Of a text: nobody says what they want later than that."""
FEW = 4
"""In so few words a STOP anywhere counts."""
SOME = 12
"""In so many words a keyword anywhere counts, where it changes nothing."""
_DIGITS = 8
_PROOF = (3, 4)
LEAST_DIGITS = 5
"""From so many on they were meant as a reference, if a wrong one."""
_LETTERS_AS_DIGITS = str.maketrans("oil", "011")


@dataclass(frozen=True, slots=True)
class Understood:
    """What an SMS is taken for."""

    kind: Kind
    language: str | None = None
    """Of the word that said it; None where it was a number, or a word of both languages."""
    arguments: tuple[str, ...] = ()
    """STATUS, NUMBER: the number's digits, as many as there were, and the proof; CANCEL, MOVE, YES, NO: the number;
    CHOICE: 1, 2 or 3; LANGUAGE: en or sw. What was not given is left out from the end."""


def understand(text: str, *, own_keywords: Collection[str] = ()) -> Understood:
    """`Tafadhali HALI 4821-7096 678` → STATUS, sw, ("48217096", "678").

    `own_keywords`: what messages to a shared short code begin with.
    """
    tokens = _tokens(text, {keyword.casefold() for keyword in own_keywords})
    said = [token for token in tokens if not token.isdecimal() and token not in words.POLITE]
    number, rest = _number([token for token in tokens if token.isdecimal()])
    message = _Message(
        words=said,
        meanings=[_meaning(word) for word in said],
        number=number,
        rest=rest,
        tokens=tokens,
    )
    for rule in (_stop, _cancel, _yes_or_no, _keyword, _choice, _bare_number, _weak):
        if found := rule(message):
            return found
    return Understood(Kind.NOTHING)


@dataclass(frozen=True, slots=True)
class _Message:
    words: Sequence[str]
    """Without the polite ones."""
    meanings: Sequence[Word | None]
    """Of each of them."""
    number: str
    rest: Sequence[str]
    """The other digits."""
    tokens: Sequence[str]

    def first(self, *kinds: Kind) -> Word | None:
        return next((meaning for meaning in self.meanings if meaning and meaning.kind in kinds), None)

    def begins_with(self, *kinds: Kind) -> Word | None:
        return meaning if self.meanings and (meaning := self.meanings[0]) and meaning.kind in kinds else None

    def besides(self, kind: Kind) -> set[str]:
        """The words that do not say this."""
        return {
            word
            for word, meaning in zip(self.words, self.meanings, strict=True)
            if meaning is None or meaning.kind is not kind
        }

    @property
    def as_number(self) -> tuple[str, ...]:
        return (self.number,) if len(self.number) >= LEAST_DIGITS else ()

    @property
    def counts(self) -> bool:
        """Whether it holds digits that are too few for a number."""
        return 0 < len(self.number) < LEAST_DIGITS


def _stop(message: _Message) -> Understood | None:
    found = message.first(Kind.STOP)
    if found is None or (message.number and message.first(Kind.STATUS, Kind.CANCEL, Kind.MOVE)):
        return None
    if message.begins_with(Kind.STOP):
        return Understood(Kind.STOP, found.language)
    if len(message.words) <= FEW and not words.NEGATIONS.intersection(message.words):
        return Understood(Kind.STOP, found.language)
    return None


def _cancel(message: _Message) -> Understood | None:
    found = message.first(Kind.CANCEL, Kind.CANCEL_DOUBTFUL)
    if found is None:
        return None
    is_itself = found.text in message.words
    alone = message.besides(Kind.CANCEL) <= words.BOOKING and not message.rest and not message.counts
    if is_itself and alone and message.begins_with(Kind.CANCEL):
        return Understood(Kind.CANCEL, found.language, message.as_number)
    if is_itself or len(message.words) <= FEW or message.begins_with(Kind.CANCEL):
        return Understood(Kind.CANCEL_DOUBTFUL, found.language, message.as_number)
    return None


def _yes_or_no(message: _Message) -> Understood | None:
    found = message.begins_with(Kind.YES, Kind.NO)
    if found is None or message.rest or message.counts:
        return None
    if found.text == "no" and message.number:
        return None  # No. 4821 7096
    others = message.besides(found.kind)
    if found.kind is Kind.YES and others <= words.WITH_YES:
        return Understood(Kind.YES, found.language, message.as_number)
    contradicts = others & words.COMING and not others & words.NOT_COMING
    if found.kind is Kind.NO and others <= words.WITH_NO and not contradicts:
        return Understood(Kind.NO, found.language, message.as_number)
    return None


def _keyword(message: _Message) -> Understood | None:
    """What changes nothing by itself may be said in a sentence."""
    if len(message.words) > SOME and not message.begins_with(*_KEYWORDS):
        return None
    starts = message.begins_with(Kind.START)
    if starts and len(message.words) <= FEW:
        return Understood(Kind.START, starts.language)
    language = next((words.LANGUAGES[token] for token in message.tokens if token in words.LANGUAGES), None)
    names_only = language and all(word in words.LANGUAGES for word in message.words)
    found = message.first(Kind.LANGUAGE)
    if found or names_only:
        return Understood(
            Kind.LANGUAGE, language or (found.language if found else None), (language,) if language else ()
        )
    if found := message.first(Kind.STATUS):
        return Understood(Kind.STATUS, found.language, _with_proof(message))
    if found := message.first(Kind.MOVE):
        return Understood(Kind.MOVE, found.language, message.as_number)
    if (found := message.first(Kind.BOOK, Kind.HELP)) and not message.number:
        best = message.first(Kind.BOOK) or found
        return Understood(best.kind, best.language)
    return None


_KEYWORDS = (Kind.LANGUAGE, Kind.STATUS, Kind.MOVE, Kind.BOOK, Kind.HELP)


def _choice(message: _Message) -> Understood | None:
    digits = [token for token in message.tokens if token.isdecimal()]
    spelt = [words.CHOICES[word] for word in message.words if word in words.CHOICES]
    around = message.besides(Kind.YES) - set(words.CHOICES)
    if len(digits) + len(spelt) != 1 or not around <= words.AROUND_CHOICE:
        return None
    chosen = (digits or spelt)[0]
    return Understood(Kind.CHOICE, None, (chosen,)) if chosen in {"1", "2", "3"} else None


def _bare_number(message: _Message) -> Understood | None:
    if len(message.number) >= LEAST_DIGITS:
        return Understood(Kind.NUMBER, None, _with_proof(message))
    return None


def _weak(message: _Message) -> Understood | None:
    asks = words.ABOUT_DOCUMENT.intersection(message.words)
    return Understood(Kind.STATUS, None, _with_proof(message)) if asks and len(message.words) <= SOME else None


def _meaning(word: str) -> Word | None:
    """What a word says, mistyped or not."""
    squeezed = re.sub(r"(.)\1+", r"\1", word)
    if found := words.EXACT.get(word) or words.EXACT.get(squeezed):
        return found
    if len(word) < 4 or word in words.ORDINARY or word in words.LANGUAGES:
        return None
    near = [
        (distance, known)
        for known in words.MISTYPED
        if (distance := OSA.distance(word, known.text, score_cutoff=known.slack)) <= known.slack
    ]
    return min(near, key=lambda one: one[0])[1] if near else None


def _tokens(text: str, own_keywords: Collection[str]) -> list[str]:
    """Words and runs of digits, in order, folded; the short code's keyword in front is taken away."""
    decomposed = unicodedata.normalize("NFKD", text[:MOST_CHARACTERS]).casefold()
    kept = "".join(c for c in decomposed if c not in "'\u2019\u2018`" and not unicodedata.combining(c))
    chunks = re.findall(r"[a-z0-9]+", kept)
    while chunks and chunks[0] in own_keywords:
        del chunks[0]
    return [token for chunk in chunks for token in _parts(chunk)]


def _parts(chunk: str) -> list[str]:
    """`4821o93l` → the digits that were meant; `status4821` → both."""
    if re.fullmatch(r"[0-9oil]+", chunk) and 2 * sum(c.isdecimal() for c in chunk) >= len(chunk):
        return [chunk.translate(_LETTERS_AS_DIGITS)]
    return re.findall(r"[a-z]+|[0-9]+", chunk)


def _number(digits: Sequence[str]) -> tuple[str, list[str]]:
    """The reference among groups of digits, and the others; if there is none, all of them as one.

    Of several that could be one, the first whose check digit is right.
    """
    spans = [(start, end) for start in range(len(digits)) for end in range(start + 1, len(digits) + 1)]
    runs = [(start, end, "".join(digits[start:end])) for start, end in spans if end - start <= _DIGITS]
    whole = [run for run in runs if len(run[2]) == _DIGITS]
    if whole:
        start, end, number = next((run for run in whole if _is_reference(run[2])), whole[0])
        return number, [*digits[:start], *digits[end:]]
    for nth, group in enumerate(digits):
        if len(group) - _DIGITS in _PROOF and _is_reference(group[:_DIGITS]):
            return group[:_DIGITS], [*digits[:nth], group[_DIGITS:], *digits[nth + 1 :]]
    return "".join(digits)[: 2 * _DIGITS], []


def _is_reference(digits: str) -> bool:
    try:
        parse_reference(digits)
    except Malformed:
        return False
    return True


def _with_proof(message: _Message) -> tuple[str, ...]:
    """The number and what proves it: three digits of an ID, a year, or the whole ID that somebody sent instead."""
    if not message.as_number:
        return ()
    for group in message.rest:
        if len(group) in _PROOF:
            return (message.number, group)
        if 6 <= len(group) <= 9:
            return (message.number, group[-3:])
    return (message.number,)
