"""What an officer may fetch for an hour, and nobody else."""

from dataclasses import asdict, dataclass, field

from web.desk.access import officer
from web.desk.for_an_hour import ForAnHour

BEGUN_SECONDS = 300
"""Longer than any file takes: what has not come to its end by then was broken off with its process."""


@dataclass(slots=True)
class Kept:
    """What came of a file. Rows come back with what stood in them: they are personal."""

    name: str
    finished: bool = False
    """False while its rows are being taken in."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by what came of them (core.tracking.intake.Result)."""
    phones: dict[str, int] = field(default_factory=dict)
    """Rows by what is wrong with their phones."""
    ignored: list[str] = field(default_factory=list)
    """Columns that mean nothing to us."""
    refused: str = ""
    """The file of refused rows: CSV, the line and the reason in front of each."""
    bad_phones: str = ""
    """The file of rows whose phones must be mended."""


class Keeper:
    """Without Valkey nothing is kept: `put` says so."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._hour = ForAnHour(url, secret_key, "returned-rows")

    def begin(self, key: str, kept: Kept) -> bool:
        """Keep it for some minutes unless there is one under this key already: then False, and somebody has begun."""
        return self._hour.begin(self._name(key), asdict(kept), seconds=BEGUN_SECONDS)

    def put(self, key: str, kept: Kept) -> bool:
        """Whether it could be kept."""
        return self._hour.put(self._name(key), asdict(kept))

    def drop(self, key: str) -> None:
        self._hour.drop(self._name(key))

    def get(self, key: str) -> Kept | None:
        """None: it is over, was never there, or is another officer's."""
        found = self._hour.get(self._name(key))
        return None if found is None else Kept(**found)

    def _name(self, key: str) -> str:
        return f"desk:{officer().id}:returned:{key}"
