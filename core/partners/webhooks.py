"""The addresses at which agencies are told, and the secrets that their messages are signed with."""

import base64
import ipaddress
import re
import secrets
from collections.abc import Collection
from datetime import datetime
from urllib.parse import SplitResult, urlsplit

import sqlalchemy as sa

from core.db import Session
from core.partners.errors import BadAddress, NoSuchWebhook, TooManyWebhooks
from core.partners.tables import Delivery, Webhook
from core.people.audit import Actor, record_event
from core.people.sealing import Sealer

MOST_WEBHOOKS = 10
"""An agency."""
MOST_IN_AN_ADDRESS = 500
_SECRET_BYTES = 24
_SECRET = "whsec_"
"""By which Standard Webhooks know one."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Secrets:
    """Seals the secrets of webhooks."""

    def __init__(self, secret_key: str) -> None:
        self._sealer = Sealer(secret_key, "webhook")

    def new(self) -> bytes:
        """A new secret, sealed."""
        return self._sealer.seal((_SECRET + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()).encode())

    def open(self, sealed: bytes) -> str:
        """`whsec_` and base64, as the libraries of Standard Webhooks take it.

        Raises:
            Unsealable: sealed with another key.
        """
        return self._sealer.open(sealed).decode()


def add(
    db: Session,
    kept: Secrets,
    *,
    agency_id: int,
    url: str,
    events: Collection[str],
    actor: Actor,
    practice: bool,
    now: datetime,
) -> Webhook:
    """Add a webhook; it is told what happens from now on. No events are all. Call it inside `once`.

    Raises:
        BadAddress: see `check_address`.
        TooManyWebhooks: the agency has MOST_WEBHOOKS.
    """
    check_address(url, practice=practice)
    # Two who add the tenth at once: the agency's rows say who was first.
    here = db.scalars(
        sa.select(Webhook.id)
        .where(Webhook.agency_id == agency_id, Webhook.ended_at.is_(None))
        .order_by(Webhook.id)
        .with_for_update(key_share=True)
    ).all()
    if len(here) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(MOST_WEBHOOKS)
    webhook = Webhook(
        agency_id=agency_id,
        url=url,
        secret_sealed=kept.new(),
        events=sorted(set(events)),
        created_by=actor.who or actor.channel,
        created_at=now,
    )
    db.add(webhook)
    db.flush()
    record_event(db, "webhook.added", webhook_subject(webhook.id), actor=actor, now=now, agency_id=agency_id)
    return webhook


def end(db: Session, *, agency_id: int, webhook_id: int, actor: Actor, now: datetime) -> None:
    """Tell this address nothing any more; what waits for it is dropped.

    Raises:
        NoSuchWebhook: the agency has none of this number, or has ended it.
    """
    webhook = find(db, agency_id=agency_id, webhook_id=webhook_id, lock=True)
    webhook.ended_at = now
    db.execute(
        sa.update(Delivery)
        .where(Delivery.webhook_id == webhook_id, Delivery.next_at.is_not(None))
        .values(next_at=None)
        .execution_options(synchronize_session=False)
    )
    record_event(db, "webhook.ended", webhook_subject(webhook_id), actor=actor, now=now, agency_id=agency_id)
    db.flush()


def find(db: Session, *, agency_id: int, webhook_id: int, lock: bool = False) -> Webhook:
    """A live webhook.

    Raises:
        NoSuchWebhook: the agency has none of this number, or has ended it.
    """
    chosen = sa.select(Webhook).where(
        Webhook.id == webhook_id, Webhook.agency_id == agency_id, Webhook.ended_at.is_(None)
    )
    webhook = db.scalar(chosen.with_for_update(key_share=True) if lock else chosen)
    if webhook is None:
        raise NoSuchWebhook
    return webhook


def webhooks_of(db: Session, agency_id: int) -> list[Webhook]:
    """The agency's live webhooks, oldest first."""
    return list(
        db.scalars(
            sa.select(Webhook).where(Webhook.agency_id == agency_id, Webhook.ended_at.is_(None)).order_by(Webhook.id)
        )
    )


def check_address(url: str, *, practice: bool) -> SplitResult:
    """The parts of an address that something may be sent to, as far as it can be told without asking for its name.

    https, and in practice http to this machine itself; nobody's password in it.

    Raises:
        BadAddress: it may not.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddress from error
    plain = len(url) <= MOST_IN_AN_ADDRESS and re.fullmatch("[!-~]+", url) is not None
    if not plain or not host or port == 0 or parts.username or parts.password or parts.fragment:
        raise BadAddress
    here = practice and host in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise BadAddress
    literal = _literal(host)
    if not here and (host == "localhost" or (literal is not None and not is_public(literal))):
        raise BadAddress
    return parts


def is_public(address: str) -> bool:
    """Whether an IP address is one of the world outside: nothing behind our own walls is called for an agency."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if inner := ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]:
            return is_public(str(inner))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def webhook_subject(webhook_id: int) -> str:
    """How events name a webhook."""
    return f"webhook:{webhook_id}"


def _literal(host: str) -> str | None:
    """The host, where it is an address and not a name; other spellings of one (0x7f000001, 127.1) are none."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None
