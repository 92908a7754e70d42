"""One hop: what a gateway hands over when a citizen has answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    gateway: str
    session_id: str
    phone: str
    """E.164."""
    network: str
    """The gateway's code, such as 63902."""
    code: str
    """The service code dialled, such as *191*9#."""
    answers: tuple[str, ...]
    """Every answer of the session so far, the newest last; empty on the first hop.

    A star inside an answer splits it: only the dialogue knows whether it asked
    a question that may contain one.
    """
