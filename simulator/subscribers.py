"""What the network remembers of each number: where it is, and whether it wants messages."""

import threading
from collections.abc import Iterable

from simulator.networks import NETWORKS, SAFARICOM, Network


class Subscribers:
    """Numbers, by E.164; safe for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._networks: dict[str, Network] = {}
        self._opted_out: set[str] = set()

    def network(self, msisdn: str) -> Network:
        """The network the number was last seen on; Safaricom, the largest, if it never was."""
        with self._lock:
            return self._networks.get(msisdn, SAFARICOM)

    def seen(self, msisdn: str, network: Network) -> None:
        """The number is on this network now: numbers are portable, the prefix does not tell."""
        with self._lock:
            self._networks[msisdn] = NETWORKS[network.code]

    def opt_out(self, msisdn: str) -> None:
        with self._lock:
            self._opted_out.add(msisdn)

    def opt_in(self, msisdn: str) -> None:
        with self._lock:
            self._opted_out.discard(msisdn)

    def opted_out(self, msisdns: Iterable[str]) -> set[str]:
        """Those of these numbers that have opted out."""
        with self._lock:
            return self._opted_out.intersection(msisdns)
