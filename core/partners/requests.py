"""A request of an agency's system, carried out once: the same key gets the first answer, and only for the same request.

What is kept is the answer's body, which holds nothing personal, and a keyed
hash of the request: an ID number in it could be found by trying all of them if
the hash were a plain one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.db import Session
from core.idempotency import Outcome, once
from core.partners.errors import AnotherRequest
from core.partners.keys import Partner
from core.people.sealing import Sealer


class Prints:
    """Makes the print of a request, by which it is known again."""

    def __init__(self, secret_key: str) -> None:
        self._sealer = Sealer(secret_key, "request")

    def of(self, method: str, path: str, body: bytes) -> str:
        return self._sealer.index(f"{method} {path}\n{body.hex()}").hex()


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a request."""

    outcome: Outcome
    replayed: bool
    """It had been carried out before: nothing was done now."""


def carry_out(
    db: Session, partner: Partner, *, key: str, print_: str, work: Callable[[str], Outcome], now: datetime
) -> Carried:
    """Do `work` once. It is given the key under which core knows this request.

    A refusal undoes it and is not kept: the same key may be tried again.

    Raises:
        AnotherRequest: the agency has used the key for a request with another print.
    """
    request_key = f"api:{partner.agency_id}:{key}"
    fresh = False

    def first() -> Outcome:
        nonlocal fresh
        fresh = True
        return {"print": print_, "answer": work(request_key)}

    kept = once(db, request_key, first, now=now)
    if kept["print"] != print_:
        raise AnotherRequest
    return Carried(kept["answer"], replayed=not fresh)
