"""Under which short code or name a message leaves, and whether it can be answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """A name (HUDUMA) cannot be answered. A short code can, if it is ours or begins with our keyword."""

    address: str | None
    """As the gateway takes it; None is the account's own."""
    answerable: bool = False
    keyword: str = ""
    """On a shared short code only messages that begin with this word arrive."""
    free: bool = False
    """Answering costs the citizen nothing."""

    def answer(self, word: str) -> str:
        """What a citizen types to say a word: YES, or HUDUMA YES."""
        return f"{self.keyword} {word}" if self.keyword else word


NOBODY = Sender(None)
