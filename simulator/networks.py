"""The Kenyan networks and what each does to a USSD session."""

from dataclasses import dataclass

from simulator.errors import Refusal

SESSION_SECONDS = 180
"""A session is cut after this long, on every network, whatever the person is doing."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network.

    Attributes:
        code: the networkCode of callbacks.
        name: what the phone shows.
        idle_seconds: how long a person may think before the network ends the session.
        input_limit: the most characters one answer may have.
    """

    code: str
    name: str
    idle_seconds: int
    input_limit: int


SAFARICOM = Network("63902", "Safaricom", idle_seconds=30, input_limit=80)

NETWORKS = {
    network.code: network
    for network in (
        SAFARICOM,
        Network("63903", "Airtel", idle_seconds=60, input_limit=90),
        # Telkom publishes neither figure; Equitel publishes its idle time only. The stricter ones known stand in.
        Network("63907", "Telkom", idle_seconds=30, input_limit=80),
        Network("63999", "Equitel", idle_seconds=30, input_limit=80),
    )
}


def network_named(written: object) -> Network:
    """The network with this networkCode, or this name in whatever case.

    Raises:
        Refusal: there is none.
    """
    for network in NETWORKS.values():
        if isinstance(written, str) and written.casefold() in {network.code, network.name.casefold()}:
            return network
    known = ", ".join(f"{network.name.lower()} ({network.code})" for network in NETWORKS.values())
    raise Refusal(f"There is no such network; these exist: {known}.")
