"""What every SMS gateway's adapter offers; a gateway's own words stop in its module."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol


class Receipt(NamedTuple):
    """What the gateway said about one recipient of a call."""

    phone: str
    accepted: bool
    error: str | None = None
    """Stable code of a refusal, such as invalid_phone."""
    retryable: bool = False
    outcome_known: bool = True
    """False: it may or may not have been taken."""
    gateway_id: str | None = None
    """None although accepted: the gateway gave no id, and its reports cannot be matched by one."""
    cost_kes: Decimal | None = None


class GatewayError(Exception):
    """A whole call failed.

    Attributes:
        code: stable, such as gateway_unreachable.
        retryable: the same call may succeed later.
        outcome_known: the gateway certainly took nothing. If False, nobody can know.
    """

    def __init__(self, code: str, *, retryable: bool, outcome_known: bool) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable
        self.outcome_known = outcome_known


STOPS_LANE = frozenset({"out_of_credit", "account_refused", "invalid_sender", "gateway_address"})
"""Codes that every other message would meet too, until somebody pays or corrects a setting: stop, and lose nothing."""


class Gateway(Protocol):
    """An SMS gateway. Safe for several threads at once."""

    @property
    def name(self) -> str:
        """As kept beside the gateway's ids."""

    def send(self, text: str, phones: Sequence[str], sender: str | None) -> list[Receipt]:
        """Hand over one text for several phones (E.164, none twice): a receipt for each, in their order.

        Raises:
            GatewayError: nothing is known of single recipients.
        """

    def balance(self) -> Decimal | None:
        """What the account has left, in KES; None if it is kept in another currency.

        Raises:
            GatewayError: it cannot be had now.
        """

    def close(self) -> None:
        """Let go of the connections."""
