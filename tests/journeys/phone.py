"""A phone that talks to the real callback, and holds every screen against the rules of the network."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from flask.testing import FlaskClient

from core.gsm7 import septets
from tests.support import SECRET

_sessions = itertools.count(1)
PATH = f"/ussd/africastalking/{SECRET}"


@dataclass
class Phone:
    """One citizen's phone. Every method returns the phone, so that a test reads like the call."""

    client: FlaskClient
    number: str = "+254711000001"
    network: str = "63902"
    screen: str = ""
    requests: int = 0
    session: str = ""
    code: str = "*191*9#"
    text: str = ""
    ended: bool = True
    history: list[str] = field(default_factory=list)

    def dials(self, dialled: str = "*191*9#") -> Phone:
        """Dial a code, or one with more behind it: *191*9*2*48210937#."""
        self.session = f"ATUid_{next(_sessions)}"
        self.requests = 0
        self.history = []
        self.code, self.text = _split(dialled, self.code)
        return self.sends()

    def answers(self, *answers: str) -> Phone:
        """Answer one screen after another."""
        for answer in answers:
            assert not self.ended, f"the call had ended with: {self.screen}"
            self.text = f"{self.text}*{answer}" if self.text else answer
            self.sends()
        return self

    def sends(self) -> Phone:
        """Send the callback as it stands: also what a network does when it delivers a hop twice."""
        self.requests += 1
        response = self.client.post(PATH, data=self.form())
        assert response.status_code == 200, response.text
        assert response.content_type.startswith("text/plain")
        return self.shows(response.text)

    def form(self) -> dict[str, str]:
        return {
            "sessionId": self.session,
            "phoneNumber": self.number,
            "networkCode": self.network,
            "serviceCode": self.code,
            "text": self.text,
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
            assert text in self.screen, f"{text!r} is not on the screen:\n{self.screen}"
        return self

    def does_not_see(self, *texts: str) -> Phone:
        for text in texts:
            assert text not in self.screen, f"{text!r} is on the screen:\n{self.screen}"
        return self

    def is_over(self) -> Phone:
        assert self.ended, f"the call goes on:\n{self.screen}"
        return self

    def goes_on(self) -> Phone:
        assert not self.ended, f"the call is over:\n{self.screen}"
        return self

    def option(self, label: str) -> str:
        """The number shown before this label."""
        for line in self.screen.split("\n"):
            number, _, rest = line.partition(" ")
            if number.isdecimal() and label in rest:
                return number
        raise AssertionError(f"no option {label!r} on the screen:\n{self.screen}")

    def chooses(self, *labels: str) -> Phone:
        for label in labels:
            self.answers(self.option(label))
        return self


def _split(dialled: str, known: str) -> tuple[str, str]:
    """`*191*9*2*48#` → `*191*9#` and `2*48`."""
    if dialled == known or not dialled.startswith(known[:-1] + "*"):
        return dialled, ""
    return known, dialled[len(known) : -1]
