"""Accounts of staff: adding and changing colleagues, and helping those who cannot sign in.

Who is in charge of whom: a manager, of the counter officers of their own
centre; an administrator, of everybody else; nobody, of themselves. Rows are
switched off and never deleted, because the record names them.
"""

import re
import secrets as randomness
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from core.catalogue.editing.edit import mark_of
from core.db import Session
from core.idempotency import once
from core.people.audit import Actor, record_event
from core.staff.errors import ChangedMeanwhile, NoSuchColleague, NotTheirs, UsernameTaken
from core.staff.roles import AT_A_CENTRE, MAY, OF_AN_AGENCY, Can, Role
from core.staff.secrets import Secrets, hash_password
from core.staff.signing_in import keep_codes
from core.staff.tables import Staff

USERNAME = re.compile(r"[a-z0-9][a-z0-9./_-]{2,31}")
"""Of a staff number: 3 to 32 characters, lower case."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What somebody is in charge of. Without a role it is whoever has the terminal: of everybody."""

    staff_id: int | None = None
    role: Role | None = None
    site_id: int | None = None

    def roles(self) -> list[Role]:
        """The roles they may give."""
        if self.role is Role.MANAGER:
            return [Role.COUNTER]
        return list(Role) if self.role is None or Can.STAFF in MAY[self.role] else []

    def over(self) -> sa.ColumnElement[bool]:
        """Of whom: as a condition on `Staff`."""
        if self.role is None:
            return sa.true()
        mine = Staff.role.in_([role.value for role in self.roles()]) & (Staff.id != self.staff_id)
        return mine & (Staff.site_id == self.site_id) if self.role in AT_A_CENTRE else mine


ANYBODY = Charge()
"""The charge of whoever has the terminal."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whom an account is made for."""

    username: str
    name: str
    role: Role
    site_id: int | None = None
    agency_id: int | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What of an account may change: all but the staff number, by which the record names it."""

    name: str
    role: Role
    site_id: int | None = None
    agency_id: int | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a change, under which key, and when."""

    charge: Charge
    actor: Actor
    request_key: str
    now: datetime


def add(db: Session, new: Newcomer, *, secrets: Secrets, asked: Asked, must_change: bool = True) -> int:
    """Make an account, with a temporary password (`Secrets.temporary_password` of the username and the request key).

    Returns its id; a repeated request makes no second one.

    Raises:
        UsernameTaken: the staff number has an account.
        NotTheirs: the role or the centre is not theirs to give, or they do not belong together.
    """
    if not USERNAME.fullmatch(new.username):
        raise NotTheirs
    _check(new, asked.charge)
    made = once(db, asked.request_key, lambda: {"staff": _add(db, new, secrets, asked, must_change)}, now=asked.now)
    return int(made["staff"])


def _check(new: Newcomer | Particulars, charge: Charge) -> None:
    """Whether role and place belong together, and are theirs to give."""
    fits = (new.site_id is not None) == (new.role in AT_A_CENTRE) and (
        (new.agency_id is not None) == (new.role in OF_AN_AGENCY)
    )
    theirs = new.role in charge.roles() and (charge.role not in AT_A_CENTRE or new.site_id == charge.site_id)
    if not (fits and theirs):
        raise NotTheirs


def _add(db: Session, new: Newcomer, secrets: Secrets, asked: Asked, must_change: bool) -> int:
    # Two managers who add the same number at once: the second waits here, and is told.
    db.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"staff:{new.username}"))))
    if find(db, new.username) is not None:
        raise UsernameTaken
    staff = Staff(
        username=new.username,
        name=new.name,
        role=new.role.value,
        site_id=new.site_id,
        agency_id=new.agency_id,
        language=new.language,
        password=hash_password(secrets.temporary_password(new.username, asked.request_key)),
        must_change_password=must_change,
        fs_uniquifier=_session_name(),
        created_at=asked.now,
    )
    db.add(staff)
    db.flush()
    record_event(
        db, "staff.added", f"staff:{staff.id}", actor=asked.actor, now=asked.now, role=staff.role, site=staff.site_id
    )
    return staff.id


def find(db: Session, username: str) -> Staff | None:
    return db.scalar(sa.select(Staff).where(Staff.username == username.strip().lower()))


def colleague(db: Session, staff_id: int, charge: Charge, *, lock: bool = False) -> Staff:
    """An account that they are in charge of.

    Raises:
        NoSuchColleague: there is none, or it is not theirs.
    """
    statement = sa.select(Staff).where(Staff.id == staff_id, charge.over())
    staff = db.scalar(statement.with_for_update() if lock else statement)
    if staff is None:
        raise NoSuchColleague
    return staff


def colleagues(db: Session, charge: Charge, *, words: str = "", after: str = "", limit: int) -> list[Staff]:
    """Those they are in charge of, by staff number: up to `limit` beyond `after`. `words`: in number or name."""
    statement = sa.select(Staff).where(charge.over(), Staff.username > after).order_by(Staff.username).limit(limit)
    for word in words.lower().split():
        either = sa.func.lower(Staff.name).contains(word, autoescape=True)
        statement = statement.where(either | Staff.username.contains(word, autoescape=True))
    return list(db.scalars(statement))


def mark(staff: Staff) -> str:
    """By which a page says which particulars it has shown."""
    shown = Particulars(staff.name, Role(staff.role), staff.site_id, staff.agency_id, staff.language)
    return mark_of(asdict(shown))


def change(db: Session, staff_id: int, to: Particulars, *, seen: str | None = None, asked: Asked) -> None:
    """Give an account these particulars. Another role, centre or agency ends all of its sessions.

    What is so already is neither done nor recorded.

    Args:
        seen: its `mark` when it was looked at; None: whatever it is now.

    Raises:
        ChangedMeanwhile: it is not what was seen.
        NoSuchColleague: there is none, or it is not theirs.
        NotTheirs: the role or the centre is not theirs to give, or they do not belong together.
    """
    staff = colleague(db, staff_id, asked.charge, lock=True)
    _check(to, asked.charge)
    given = {"role": to.role.value, "site_id": to.site_id, "agency_id": to.agency_id, "language": to.language}

    def work() -> dict[str, object]:
        if seen not in (None, mark(staff)):
            raise ChangedMeanwhile
        told: dict[str, object] = {}
        for column, value in given.items():
            if (was := getattr(staff, column)) != value:
                what = column.removesuffix("_id")
                told |= {what: value, f"{what}_was": was}
                setattr(staff, column, value)
        if told.keys() - {"language", "language_was"}:
            staff.fs_uniquifier = _session_name()
        if staff.name != to.name:
            staff.name, told["renamed"] = to.name, True  # the record holds nothing personal
        if told:
            record_event(db, "staff.changed", f"staff:{staff.id}", actor=asked.actor, now=asked.now, **told)
        return {"staff": staff.id}

    once(db, asked.request_key, work, now=asked.now)


def switch(db: Session, staff_id: int, *, on: bool, asked: Asked) -> None:
    """Switch an account off, which ends all of its sessions, or on again.

    Raises:
        NoSuchColleague: there is none, or it is not theirs.
    """

    def change(staff: Staff) -> None:
        staff.active = on
        staff.fs_uniquifier = _session_name()

    _change(db, staff_id, "staff.switched_on" if on else "staff.switched_off", change, asked)


def give_password(db: Session, staff_id: int, *, secrets: Secrets, asked: Asked) -> str:
    """A new temporary password, which is returned: whoever gets it must change it. Ends all sessions, and a lock.

    Raises:
        NoSuchColleague: there is none, or it is not theirs.
    """
    password = secrets.temporary_password(colleague(db, staff_id, asked.charge).username, asked.request_key)

    def change(staff: Staff) -> None:
        staff.password = hash_password(password)
        staff.must_change_password = True
        staff.failures, staff.locked_until = 0, None
        staff.fs_uniquifier = _session_name()

    _change(db, staff_id, "staff.password_given", change, asked)
    return password


def forget_second_factor(db: Session, staff_id: int, *, asked: Asked) -> None:
    """They lost their phone: at the next sign-in they set up another. Printed codes end too, and all sessions.

    Raises:
        NoSuchColleague: there is none, or it is not theirs.
    """

    def change(staff: Staff) -> None:
        staff.tf_primary_method = staff.tf_totp_secret = staff.last_code = staff.mf_recovery_codes = None
        staff.failures, staff.locked_until = 0, None
        staff.fs_uniquifier = _session_name()

    _change(db, staff_id, "staff.second_factor_forgotten", change, asked)


def print_codes(db: Session, staff_id: int, *, secrets: Secrets, asked: Asked) -> list[str]:
    """Ten codes for a colleague without a smartphone, which are returned, once; older ones end.

    Raises:
        NoSuchColleague: there is none, or it is not theirs.
    """
    codes = secrets.codes(staff_id, asked.request_key)
    _change(
        db,
        staff_id,
        "staff.codes_printed",
        lambda staff: keep_codes(db, staff.id, codes, secrets=secrets),
        asked,
    )
    return codes


def _change(db: Session, staff_id: int, what: str, change: Callable[[Staff], object], asked: Asked) -> None:
    staff = colleague(db, staff_id, asked.charge, lock=True)

    def work() -> dict[str, object]:
        change(staff)
        record_event(db, what, f"staff:{staff.id}", actor=asked.actor, now=asked.now)
        return {"staff": staff.id}

    once(db, asked.request_key, work, now=asked.now)


def _session_name() -> str:
    """A new one ends all sessions."""
    return randomness.token_hex(16)
