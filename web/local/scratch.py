"""Servers for a test-suite: fast, empty, and gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from web.local.postgres import EmbeddedPostgres, PostgresAddresses
from web.local.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class ScratchServers:
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    @property
    def database(self) -> PostgresAddresses:
        return self.postgres.addresses

    @property
    def redis_url(self) -> str:
        return self.valkey.address


@contextmanager
def scratch_servers() -> Iterator[ScratchServers]:
    """PostgreSQL and Valkey that write to no disk in earnest, until the end of the block.

    In the system's folder for temporary files, and not in pytest's, which is closed to the `nobody` that PostgreSQL
    runs as when the suite is root.

    Raises:
        StartError: one of them does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="zamu-"))
    folder.chmod(0o711)
    postgres = EmbeddedPostgres(folder, durable=False)
    valkey = EmbeddedValkey(folder, durable=False)
    try:
        postgres.start()
        valkey.start()
        yield ScratchServers(postgres, valkey)
    finally:
        valkey.stop()
        postgres.remove()
        shutil.rmtree(folder, ignore_errors=True)
