"""Sealing: what is personal is encrypted at rest, and found again by a keyed hash.

AES-256-GCM with a fresh nonce; the sealed value carries the id of its key, so
that keys can be changed one after another. The index is an HMAC-SHA-256 cut to
128 bits: equal inputs give equal indexes, and nothing else can be learnt from
it without the key.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import ZamuError


class Unsealable(ZamuError):
    """The value was sealed with another key, or has been damaged."""


class Sealer:
    """Seals for one purpose: a phone sealed for `people` cannot be opened as a session."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._purpose = purpose.encode()
        self._aead = AESGCM(_derive(secret_key, b"seal:" + self._purpose))
        self._index_key = _derive(secret_key, b"index:" + self._purpose)
        self._key_id = _derive(secret_key, b"id:" + self._purpose)[:4]

    def seal(self, plain: bytes) -> bytes:
        """Key id (4 bytes) · nonce (12) · ciphertext and tag."""
        nonce = os.urandom(12)
        return self._key_id + nonce + self._aead.encrypt(nonce, plain, self._purpose)

    def open(self, sealed: bytes) -> bytes:
        """Raises:
        Unsealable: another key, or damage.
        """
        if sealed[:4] != self._key_id:
            raise Unsealable("sealed with a key that this process does not have")
        try:
            return self._aead.decrypt(sealed[4:16], sealed[16:], self._purpose)
        except (InvalidTag, ValueError) as error:
            raise Unsealable("damaged, or sealed for another purpose") from error

    def index(self, plain: str) -> bytes:
        """16 bytes by which a sealed value is found again."""
        return hmac.digest(self._index_key, plain.encode(), "sha256")[:16]


def _derive(secret_key: str, label: bytes) -> bytes:
    return hmac.digest(hashlib.sha256(secret_key.encode()).digest(), label, "sha256")
