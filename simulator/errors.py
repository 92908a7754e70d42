"""The one error a request can be refused with."""


class Refusal(Exception):
    """A request that cannot be carried out; `str()` is one sentence for the person who made it.

    Attributes:
        status: the HTTP status to answer with.
    """

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
