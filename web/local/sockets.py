"""What a path of a unix socket may be."""

import os
from pathlib import Path

from web.local.errors import StartError

LONGEST = 103
"""Bytes, on the strictest system we run on (macOS; Linux allows 107)."""


def check_socket_path(path: Path) -> None:
    """Raises:
    StartError: the path is too long for the system, or has a comma, which libpq takes for a list of hosts.
    """
    length = len(os.fsencode(path))
    if length > LONGEST:
        raise StartError(
            f"The path of the socket {path} is {length} bytes long and the system allows {LONGEST}: "
            "set ZAMU_DATA_DIR to a shorter path."
        )
    if "," in str(path):
        raise StartError(f"PostgreSQL cannot be reached at {path}: set ZAMU_DATA_DIR to a path without a comma.")
