"""What a screen is given: who calls, the moment, the catalogue, and the database once it is asked for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum

from core import idempotency, wording
from core.catalogue.snapshot import Catalogue
from core.db import Session
from core.people.audit import Actor, Intent
from core.people.register import Register
from core.people.sealing import Sealer
from core.people.tables import Person
from ussd.hop import Hop


class Walk(Enum):
    """How the answer at hand came in, which decides what it may do."""

    LIVE = "live"
    """The one new answer of a session that is known: it may do anything."""
    PASSING = "passing"
    """On the way through a text that was not seen answer by answer: only what is already done is passed over."""
    LAST = "last"
    """The end of such a text: it may take a hold, and finish only what an earlier hop of this session began."""


class NotNow(Exception):
    """The answer would do something that it may not do in this walk; the caller is shown the screen it was given to."""


class Turn:
    """One answer being carried out."""

    def __init__(
        self,
        hop: Hop,
        *,
        now: datetime,
        catalogue: Catalogue,
        register: Register,
        sealer: Sealer,
        open_transaction: Callable[[], Session],
        walk: Walk = Walk.LIVE,
        answers: tuple[str, ...] = (),
        passed: int = 0,
    ) -> None:
        self.hop = hop
        self.now = now
        self.catalogue = catalogue
        self.register = register
        self.walk = walk
        self.answers = answers
        """Consumed up to and including the one at hand: with the session id, they name the request."""
        self.passed = passed
        """Effects this walk has passed over: done by earlier hops of this very session."""
        self.acted = False
        """Whether this turn has asked to change something."""
        self.finished = False
        """Whether it has asked to finish something: what was held for that is used up."""
        self._sealer = sealer
        self._open_transaction = open_transaction
        self._db: Session | None = None
        self._contact: Person | None = None
        self._looked_up = False

    @property
    def db(self) -> Session:
        """The turn's transaction, opened by the first screen that touches it. The endpoint commits it."""
        if self._db is None:
            self._db = self._open_transaction()
        return self._db

    @property
    def touched_database(self) -> bool:
        return self._db is not None

    @property
    def contact(self) -> Person | None:
        """The caller, if this phone has been known before."""
        if not self._looked_up:
            self._contact = self.register.find_contact(self.db, self.hop.phone)
            self._looked_up = True
        return self._contact

    def become_known(self) -> Person:
        """The caller, written down if need be."""
        if self.contact is None:
            self._contact = self.register.contact(self.db, self.hop.phone, now=self.now)
        assert self._contact is not None
        return self._contact

    @property
    def actor(self) -> Actor:
        return Actor("ussd", self._contact.id if self._contact else None)

    def speak(self, language: str) -> None:
        """Go on in this language."""
        wording.speak(language)

    def request_key(self, what: str, *, finishing: bool = False) -> str:
        """The key under which this answer does `what`, once and for all. Ask for it before changing anything.

        `finishing` marks what cannot be taken back by hanging up: a text that
        arrived whole (a dial string) may not do it.

        Raises:
            NotNow: this walk may not do it.
        """
        key = request_key(self._sealer, what, self.hop, self.answers)
        self.finished |= finishing
        if self.walk is Walk.LIVE:
            self.acted = True
            return key
        if idempotency.recorded(self.db, key) is not None:
            self.passed += 1
            return key
        if self.walk is Walk.PASSING or (finishing and not self.passed):
            raise NotNow
        self.acted = True
        return key

    def intent(self, what: str, *, finishing: bool = False) -> Intent:
        """What a command is told of this answer; the caller becomes known. As with `request_key`, ask for it first.

        Raises:
            NotNow: this walk may not do it.
        """
        key = self.request_key(what, finishing=finishing)
        contact_id = self.become_known().id
        return Intent(contact_id, key, self.actor, wording.language(), self.now)


def request_key(sealer: Sealer, what: str, hop: Hop, answers: Sequence[str]) -> str:
    """Names what a caller asked for by these answers: hashed with a key of our own, since they may be personal."""
    return f"ussd:{what}:{sealer.index('*'.join([hop.session_id, hop.phone, *answers])).hex()}"
