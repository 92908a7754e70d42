"""The keys that agencies' systems come in with.

A key is 32 bytes that nobody guesses, so its plain SHA-256 is enough to know it
by, and one indexed read finds its agency. It is shown once, to whoever made it.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from core.db import Session
from core.partners.errors import BadKey, NoSuchKey
from core.partners.tables import ApiKey
from core.people.audit import Actor, record_event
from core.people.sealing import Sealer
from core.wording import N_

PREFIX = "zamu_"
"""By which those who look for leaked secrets know one of ours."""
MOST_IN_A_NAME = 60
USE_NOTED_EVERY = timedelta(hours=1)
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


class Scope(StrEnum):
    """What a key may be used for; in words in SCOPES."""

    DOCUMENTS_WRITE = "documents:write"
    DOCUMENTS_READ = "documents:read"
    BOOKINGS_READ = "bookings:read"
    AVAILABILITY_READ = "availability:read"
    APPOINTMENTS_WRITE = "appointments:write"
    WEBHOOKS_WRITE = "webhooks:write"


SCOPES: Mapping[Scope, str] = {
    Scope.DOCUMENTS_WRITE: N_("Register applications, and say where documents are"),
    Scope.DOCUMENTS_READ: N_("Read where documents are"),
    Scope.BOOKINGS_READ: N_("Read who is expected: references, times, the end of the ID"),
    Scope.AVAILABILITY_READ: N_("Read which times are free"),
    Scope.APPOINTMENTS_WRITE: N_("Give places away, move them, give them back, and see them"),
    Scope.WEBHOOKS_WRITE: N_("Add, see and end webhooks"),
}


@dataclass(frozen=True, slots=True)
class Partner:
    """An agency's system that has shown its key."""

    agency_id: int
    key_id: int
    scopes: frozenset[Scope]

    @property
    def actor(self) -> Actor:
        """As the record names it."""
        return Actor("api", who=f"key:{self.key_id}")


class Maker:
    """Makes the key that follows from a form's: sending the form twice shows the same one, stored nowhere."""

    def __init__(self, secret_key: str) -> None:
        self._sealer = Sealer(secret_key, "api-key")

    def key(self, request_key: str) -> str:
        halves = [self._sealer.index(f"{half}:{request_key}") for half in range(2)]
        return PREFIX + base64.urlsafe_b64encode(b"".join(halves)).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Made:
    """A new key. `key` is stored nowhere."""

    key_id: int
    key: str


def make(
    db: Session,
    *,
    agency_id: int,
    name: str,
    scopes: Collection[Scope],
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> Made:
    """Make a key for an agency; a random one unless a `Maker`'s is given. Call it inside `once`, and keep it out of
    the outcome.
    """
    key = key or PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        agency_id=agency_id,
        name=name,
        digest=_digest(key),
        hint=key[-4:],
        scopes=sorted(set(scopes)),
        created_by=actor.who or actor.channel,
        created_at=now,
    )
    db.add(row)
    db.flush()
    record_event(db, "key.made", key_subject(row.id), actor=actor, now=now, agency_id=agency_id, scopes=row.scopes)
    return Made(row.id, key)


def revoke(db: Session, *, agency_id: int, key_id: int, actor: Actor, now: datetime) -> None:
    """End a key: from the next request on it opens nothing. Doing it again changes nothing.

    Raises:
        NoSuchKey: the agency has none of this number.
    """
    row = db.scalar(sa.select(ApiKey).where(ApiKey.id == key_id, ApiKey.agency_id == agency_id).with_for_update())
    if row is None:
        raise NoSuchKey
    if row.revoked_at is None:
        row.revoked_at = now
        record_event(db, "key.revoked", key_subject(key_id), actor=actor, now=now, agency_id=agency_id)
        db.flush()


def keys_of(db: Session, agency_id: int) -> list[ApiKey]:
    """The agency's keys, those in force first, then the newest."""
    return list(
        db.scalars(
            sa.select(ApiKey)
            .where(ApiKey.agency_id == agency_id)
            .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
        )
    )


def authenticate(db: Session, key: str, *, now: datetime) -> Partner:
    """Whose key this is. One indexed read; that the key was used is noted once in USE_NOTED_EVERY.

    Raises:
        BadKey: no key of ours, or one that has been revoked.
    """
    if not _SHAPE.fullmatch(key):
        raise BadKey
    row = db.execute(_BY_DIGEST, {"digest": _digest(key)}).one_or_none()
    if row is None:
        raise BadKey
    if row.used_at is None or row.used_at <= now - USE_NOTED_EVERY:
        hour = now.replace(minute=0, second=0, microsecond=0)
        db.execute(sa.update(ApiKey).where(ApiKey.id == row.id).values(used_at=hour))
    return Partner(row.agency_id, row.id, frozenset(map(Scope, row.scopes)))


def key_subject(key_id: int) -> str:
    """How events name a key."""
    return f"key:{key_id}"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


_BY_DIGEST = sa.select(ApiKey.id, ApiKey.agency_id, ApiKey.scopes, ApiKey.used_at).where(
    ApiKey.digest == sa.bindparam("digest"), ApiKey.revoked_at.is_(None)
)
