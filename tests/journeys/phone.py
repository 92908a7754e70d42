"""A phone that talks to the real callback, and holds every screen against the rules of the network."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from flask.testing import FlaskClient

from core.gsm7 import septets
from tests.journeys.spoken import patterns
from tests.support import SECRET

_sessions = itertools.count(1)
PATH = f"/ussd/africastalking/{SECRET}"
MORE = "98"
NOBODY_TURNS_FURTHER = 6


@dataclass
class Phone:
    """One citizen's phone. Every method returns the phone, so that a test reads like the call.

    What a test says in English is looked for in the caller's own language.
    """

    client: FlaskClient
    number: str = "+254711000001"
    language: str = "en"
    network: str = "63902"
    code: str = "*191*9#"
    prefix: str = ""
    """What the gateway puts before the text of a code that several customers share."""
    screen: str = ""
    requests: int = 0
    session: str = ""
    text: str = ""
    ended: bool = True
    history: list[str] = field(default_factory=list)

    def dials(self, dialled: str = "") -> Phone:
        """Dial the code, or one with more behind it: *191*9*2*48210937#."""
        self.session = f"ATUid_{next(_sessions)}"
        self.requests = 0
        self.history = []
        self.code, self.text = _split(dialled or self.code, self.code)
        return self.sends()

    def answers(self, *answers: str) -> Phone:
        """Answer one screen after another."""
        for answer in answers:
            self.types(answer).sends()
        return self

    def types(self, answer: str) -> Phone:
        """Answer, but the network has not delivered it yet."""
        assert not self.ended, f"the call had ended with: {self.screen}"
        self.text = f"{self.text}*{answer}" if self.text else answer
        return self

    def sends(self) -> Phone:
        """Send the callback as it stands: also what a network does when it delivers a hop twice."""
        self.requests += 1
        return self.shows(self.posts(self.form()))

    def sends_late(self, text: str) -> str:
        """An older copy of a hop arrives; the phone shows nothing of it."""
        return self.posts(self.form() | {"text": text})

    def posts(self, form: dict[str, str]) -> str:
        response = self.client.post(PATH, data=form)
        assert response.status_code == 200, response.text
        assert response.content_type.startswith("text/plain")
        return response.text

    def form(self) -> dict[str, str]:
        return {
            "sessionId": self.session,
            "phoneNumber": self.number,
            "networkCode": self.network,
            "serviceCode": self.code,
            "text": "*".join(part for part in (self.prefix, self.text) if part),
        }

    def shows(self, reply: str) -> Phone:
        word, _, self.screen = reply.partition(" ")
        assert word in ("CON", "END"), reply
        self.ended = word == "END"
        self.history.append(self.screen)
        count = septets(self.screen)
        assert count is not None, f"not in the GSM alphabet: {self.screen!r}"
        assert count <= 160, f"{count} septets: {self.screen!r}"
        assert self.screen.strip()
        return self

    def drops(self) -> Phone:
        """The network fails: nothing more of this session arrives."""
        self.ended = True
        return self

    def sees(self, *texts: str) -> Phone:
        for text in texts:
            assert self._is_there(text), f"{text!r} is not on the screen:\n{self.screen}"
        return self

    def turns_to(self, text: str) -> Phone:
        """Turn the pages until this is seen."""
        while not self._is_there(text) and self._is_there("98 More"):
            self.answers("98")
        return self.sees(text)

    def does_not_see(self, *texts: str) -> Phone:
        for text in texts:
            assert not self._is_there(text), f"{text!r} is on the screen:\n{self.screen}"
        return self

    def is_over(self) -> Phone:
        assert self.ended, f"the call goes on:\n{self.screen}"
        return self

    def goes_on(self) -> Phone:
        assert not self.ended, f"the call is over:\n{self.screen}"
        return self

    def option(self, label: str) -> str:
        """The number shown before this label."""
        found = self._find(label)
        assert found, f"no option {label!r} on the screen:\n{self.screen}"
        return found

    def chooses(self, *labels: str) -> Phone:
        """Answer with the numbers of these options, turning pages where they are further on."""
        for label in labels:
            for _page in range(NOBODY_TURNS_FURTHER):
                if self._find(label) or not self._is_there("98 More"):
                    break
                self.answers(MORE)
            self.answers(self.option(label))
        return self

    def books(
        self,
        *,
        until: str = "",
        service: str = "Lost ID",
        town: str = "Nairobi",
        centre: str = "GPO",
        identity: str = "12345678",
    ) -> Phone:
        """A first booking, up to one of SCREENS, or to its end."""
        answers = ["Book a visit", service, town, centre, "", identity, "Confirm"]
        self.dials()
        for screen, answer in zip(SCREENS, answers, strict=True):
            if screen == until:
                return self
            if screen == "times":
                self.answers("1")
            elif screen == "who":
                self.answers(answer)
            else:
                self.chooses(answer)
        return self.is_over().sees("Booked: {site}, {when}")

    def reference(self) -> str:
        """The number of a booking that is on the screen."""
        digits = "".join(c if c.isdecimal() else " " for c in self.screen).split()
        for first, second in itertools.pairwise(digits):
            if len(first) == len(second) == 4:
                return first + second
        raise AssertionError(f"no booking number on the screen:\n{self.screen}")

    def _find(self, label: str) -> str:
        options = [(number, rest) for number, rest in map(_numbered, self.screen.split("\n")) if number]
        wanted = patterns(label, self.language)
        exact = [number for number, rest in options if any(p.fullmatch(rest) for p in wanted)]
        near = [number for number, rest in options if any(p.search(rest) for p in wanted)]
        return next(iter(exact + near), "")

    def _is_there(self, text: str) -> bool:
        return any(p.search(self.screen) for p in patterns(text, self.language))


SCREENS = ("home", "services", "towns", "centres", "times", "who", "summary")
"""Of a first booking, in order."""


def _numbered(line: str) -> tuple[str, str]:
    number, _, rest = line.partition(" ")
    return (number, rest) if number.isdecimal() and number not in ("0", MORE) else ("", line)


def _split(dialled: str, known: str) -> tuple[str, str]:
    """`*191*9*2*48#` → `*191*9#` and `2*48`."""
    if dialled == known or not dialled.startswith(known[:-1] + "*"):
        return dialled, ""
    return known, dialled[len(known) : -1]
