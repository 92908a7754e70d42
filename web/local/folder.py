"""The data folder: made for one user, locked by one run, with the secrets of a first run."""

import errno
import fcntl
import json
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from core.settings import DEMO_KEY
from web.local.errors import StartError

ROOT = 0


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once, kept in secrets.json."""

    secret_key: str = field(default_factory=lambda: DEMO_KEY + secrets.token_urlsafe(32), repr=False)
    callback_secret: str = field(default_factory=lambda: DEMO_KEY + secrets.token_urlsafe(24), repr=False)
    at_api_key: str = field(default_factory=lambda: DEMO_KEY + secrets.token_urlsafe(24), repr=False)


def make_folder(path: Path) -> Path:
    """Make a folder that others cannot look into. As root they may pass through: PostgreSQL runs as another user.

    A folder that was there keeps its mode: it may be /srv, and all that we put in it is closed by itself.

    Raises:
        StartError: it cannot be made.
    """
    try:
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o711 if os.geteuid() == ROOT else 0o700)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StartError(
            f"The folder {path} cannot be used ({error.strerror}): set ZAMU_DATA_DIR to a folder of your own."
        ) from error
    return path.resolve()


@contextmanager
def locked(data_dir: Path) -> Iterator[Path]:
    """The data folder, ours alone until the end of the block. The lock ends with the process, also by SIGKILL.

    Raises:
        StartError: another run has it, or it belongs to another user.
    """
    folder = make_folder(data_dir)
    path = folder / "lock"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _not_ours(folder, path) from error
    try:
        if os.fstat(file).st_uid != os.geteuid():
            raise _not_ours(folder, path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                f"Another `zamu run` (process {os.read(file, 20).decode() or 'unknown'}) is using {folder}: "
                "stop it first, or set ZAMU_DATA_DIR and the ports to run a second one."
            ) from None
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield folder
    finally:
        os.close(file)


def load_secrets(folder: Path) -> Secrets:
    """The secrets of this data folder, made the first time.

    Raises:
        StartError: the file cannot be read.
    """
    path = folder / "secrets.json"
    if not path.exists():
        _write_private(path, json.dumps(asdict(Secrets()), indent=2))
    try:
        return Secrets(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise StartError(
            f"{path} cannot be read ({error}): put back a copy of it. It opens the phone numbers kept in this folder."
        ) from error


def private_file(path: Path) -> BinaryIO:
    """An empty file to write, for our eyes only."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb")


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _write_private(path: Path, text: str) -> None:
    """All or nothing, also in a power cut."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _not_ours(folder: Path, path: Path) -> StartError:
    owner = user_name((path if path.exists() else folder).stat().st_uid)
    return StartError(
        f"The data folder {folder} belongs to {owner}: run as {owner}, or set ZAMU_DATA_DIR to a folder of your own."
    )
