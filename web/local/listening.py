"""Whether a server can listen where it is to: on a free port, or at a path that a socket may have."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from web.local.errors import StartError

LONGEST_SOCKET_PATH = 103
"""Bytes, on the strictest system we run on (macOS; Linux allows 107)."""
LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp."""


def check_port(port: int, *, setting: str, purpose: str) -> None:
    """Nothing, if `port` is free on 127.0.0.1.

    setting: the environment variable that chooses the port. purpose: what it is for, such as "the web server".

    Raises:
        StartError: it is taken, or not ours to take.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = f"taken{_by_whom(port)}" if error.errno == errno.EADDRINUSE else f"not usable ({error.strerror})"
            raise StartError(f"Port {port} for {purpose} is {why}: set {setting} to another port.") from error


def check_socket_path(path: Path) -> None:
    """Raises:
    StartError: the path is too long for the system, or has a comma, which libpq takes for a list of hosts.
    """
    length = len(os.fsencode(path))
    if length > LONGEST_SOCKET_PATH:
        raise StartError(
            f"The path of the socket {path} is {length} bytes long and the system allows {LONGEST_SOCKET_PATH}: "
            "set ZAMU_DATA_DIR to a shorter path."
        )
    if "," in str(path):
        raise StartError(f"PostgreSQL cannot be reached at {path}: set ZAMU_DATA_DIR to a path without a comma.")


def _by_whom(port: int) -> str:
    """` by NAME (process ID)`, as far as /proc tells us."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # another user's, or gone
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                return f" by {(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                _, local, _, state, *rest = row.split()
                if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                    inodes.add(rest[5])
    return inodes
