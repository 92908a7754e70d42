"""What a template is worded from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.catalogue.snapshot import Catalogue
from core.errors import ZamuError
from core.messaging.segments import segments
from core.messaging.senders import NOBODY, Sender
from core.people.register import Register
from core.references import grouped
from core.wording import dates
from core.wording import gettext as _


class Unworded(ZamuError):
    """The message cannot be put into words: `code` is stable and says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Speech:
    """What every message is worded with, whatever it says."""

    catalogue: Catalogue
    code: str
    """The service code a citizen dials, such as *191*9#."""
    register: Register
    """Makes the collection codes."""
    sender: Sender = NOBODY
    """Under which the message leaves: whether, and how, it can be answered."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One message's arguments, as its sentences need them."""

    arguments: Mapping[str, Any]
    speech: Speech

    @property
    def code(self) -> str:
        return self.speech.code

    @property
    def sender(self) -> Sender:
        return self.speech.sender

    def service(self) -> str:
        return self.speech.catalogue.services[self.arguments["service"]].names.spoken

    def site(self) -> str:
        return self.speech.catalogue.sites[self.arguments["site"]].names.spoken

    def moment(self, name: str) -> datetime:
        return datetime.fromisoformat(self.arguments[name])

    def day(self, name: str) -> date:
        return date.fromisoformat(self.arguments[name])

    def reference(self) -> str:
        return grouped(str(self.arguments["reference"]))

    def collection_code(self) -> str:
        """What its owner says at the counter: made again from the document and its arrival, stored nowhere."""
        return self.speech.register.collection_code(self.arguments["document"], self.arguments["arrival"])

    def phone_code(self) -> str:
        """What the web asks of whoever has this phone in hand: made again from its number, stored nowhere."""
        return self.speech.register.phone_code(self.arguments["person"], self.arguments["nth"])

    def with_price(self, question: str) -> str:
        """The question, and that answering costs nothing: where that is so, and the SMS still is one."""
        free = _("Answering is free.")
        priced = f"{question} {free}"
        return priced if self.sender.free and segments(priced) == 1 else question

    def collector(self) -> str:
        """Whoever wants to collect, by the last digits of the ID: they open that person's own documents, so sealed."""
        return self.speech.register.last_digits(bytes.fromhex(self.arguments["collector"]))

    def booking(self) -> dict[str, str]:
        """What every message about a booking names."""
        return {
            "service": self.service(),
            "site": self.site(),
            "when": dates.when(self.moment("starts_at")),
            "reference": self.reference(),
            "code": self.code,
        }


@dataclass(frozen=True, slots=True)
class Template:
    """One thing Zamu says by SMS."""

    say: Callable[[Wording], str]
    takes: tuple[str, ...]
    """The arguments it needs. The proof of the templates knows the longest real value of each."""
    segments: int = 1
    """Most SMS it may take, in any language, with the longest real values."""
