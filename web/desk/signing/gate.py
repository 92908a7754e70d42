"""What somebody signing in gives, looked at: each try counted before it, and what was used up never good again."""

from collections.abc import Callable
from typing import Any

from flask_security import UserMixin, hash_password
from flask_security.totp import Totp
from passlib.exc import TokenError  # type: ignore[import-untyped]  # its types are in no package we need

from core.people.audit import Actor
from core.staff import attempts, signing_in
from core.staff.secrets import MOST_CHARACTERS, Secrets, normal
from web.desk.signing.officers import User
from web.work import Work

STEP_SECONDS = 30
"""How long a code of an app is good, and how far its clock may be out."""


class TimeCodes(Totp):
    """Codes of an authenticator app, by the application's clock."""

    def __init__(self, secrets: dict[int, str], issuer: str, *, now: Callable[[], float]) -> None:
        super().__init__(secrets, issuer)
        self._now = now
        self._totp = self._totp.using(now=now)

    def step(self, code: str, secret: str) -> int | None:
        """The half minute (since 1970) that this code is of; None where it is of none near now."""
        try:
            return int(self._totp.verify(code, secret, window=STEP_SECONDS).counter)
        except (TokenError, TypeError):
            return None

    def unused(self, secret: str, last_code: int | None) -> str:
        """A code that an app shows now; the next one, where this one has been used."""
        step = max(int(self._now()) // STEP_SECONDS, (last_code or 0) + 1)
        return str(self._totp.from_source(secret).generate(time=step * STEP_SECONDS).token)


class Gate:
    """Asks for passwords and codes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.secrets = Secrets(work.settings.secret_key)

    def password(self, user: User | None, password: str) -> bool:
        """Whether it is theirs. It takes as long where there is no such account, or where it is locked."""
        password = normal(password)[: 2 * MOST_CHARACTERS]
        if user is None or not user.active:
            hash_password(password)
            return False
        return self._counted(
            user, lambda: bool(user.verify_and_update_password(password)), else_do=lambda: hash_password(password)
        )

    def time_code(self, user: User, code: str, secret: str | None, codes: TimeCodes, *, new_phone: bool) -> bool:
        """Whether an app with this secret shows it now. A code is good once; that of a new phone proves the phone.

        Tries with a new phone are not counted: whoever sets it up has the secret before them and nothing to guess.
        """

        def check() -> bool:
            step = codes.step(code, secret) if secret else None
            if step is None:
                return False
            with self._work.writing() as db:
                return signing_in.use_time_code(db, user.id, step) or new_phone

        if not new_phone:
            return self._counted(user, check)
        right = check()
        if right:
            self.note("staff.phone_set", user)
        return right

    def printed_code(self, user: User, code: str) -> bool:
        """Whether it is one of theirs that has not been used; it has been, from now on."""

        def check() -> bool:
            with self._work.writing() as db:
                return signing_in.use_printed_code(db, user.id, code, secrets=self.secrets)

        return self._counted(user, check)

    def note(self, what: str, user: UserMixin) -> None:
        """Keep something that they did to their own sign-in in the record."""
        with self._work.writing() as db:
            signing_in.noted(db, what, user.id, actor=Actor("desk", who=user.username), now=self._work.now())

    def _counted(self, user: User, check: Callable[[], bool], *, else_do: Callable[[], Any] = bool) -> bool:
        now = self._work.now()
        with self._work.writing() as db:
            counted = attempts.begin(db, user.id, now=now)
        if counted is None:
            else_do()
            return False
        right = check()
        with self._work.writing() as db:
            if right:
                attempts.was_right(db, counted)
            else:
                attempts.was_wrong(db, counted, actor=Actor("desk", who=user.username), now=now)
        return right
