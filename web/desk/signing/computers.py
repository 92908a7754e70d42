"""Computers that several officers share: who gave their second factor on this one today needs only the password.

A signed cookie of the browser names them, each with when that was and with a
digest of what their sessions are named by: whoever is reset or switched off is
forgotten everywhere.
"""

import hashlib
from datetime import timedelta

from flask import after_this_request, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from core.staff.tables import Staff
from web.desk.signing.officers import User
from web.work import Work

KNOWN_FOR = timedelta(hours=12)
MOST = 12
"""Officers at one computer."""

People = dict[str, tuple[str, int]]
"""By id of an account: the digest, and the moment in seconds since 1970."""


class Computers:
    """Reads and writes the cookie of the browser that asks."""

    def __init__(self, work: Work) -> None:
        self._signer = URLSafeSerializer(work.settings.secret_key, salt="desk-computer")
        self._secure = work.settings.public_url.startswith("https://")
        self.cookie = "__Secure-zamu-desk" if self._secure else "zamu-desk"
        self._now = work.now

    def ids(self) -> list[int]:
        """The accounts of those who are known here, whoever they are now."""
        return [int(staff_id) for staff_id in self._people()]

    def knows(self, user: User | Staff) -> bool:
        return self._people().get(str(user.id), ("", 0))[0] == _digest(user)

    def remember(self, user: User) -> None:
        """They have just given their second factor here."""
        self._write(self._people() | {str(user.id): (_digest(user), int(self._now().timestamp()))})

    def forget(self, user: User) -> None:
        self._write({staff_id: known for staff_id, known in self._people().items() if staff_id != str(user.id)})

    def _people(self) -> People:
        try:
            found = self._signer.loads(request.cookies.get(self.cookie, ""))
        except BadSignature:
            return {}
        oldest = (self._now() - KNOWN_FOR).timestamp()
        return {staff_id: (digest, at) for staff_id, (digest, at) in found.items() if at > oldest}

    def _write(self, people: People) -> None:
        newest = dict(sorted(people.items(), key=lambda item: item[1][1], reverse=True)[:MOST])

        @after_this_request
        def set_cookie(response: Response) -> Response:
            response.set_cookie(
                self.cookie,
                self._signer.dumps(newest),
                max_age=KNOWN_FOR,
                path="/desk",
                secure=self._secure,
                httponly=True,
                samesite="Lax",
            )
            return response


def _digest(user: User | Staff) -> str:
    return hashlib.sha256(user.fs_uniquifier.encode()).hexdigest()[:16]
