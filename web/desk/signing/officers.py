"""Staff as Flask-Security knows them: the rows of `core.staff`, in a session of the request.

Flask-Security reads and changes one account a request. It does so in a session
that is made when it is first asked for, and ended with the request. What
others may do at the same time (counting failures, using up a code) is done by
core in a transaction of its own.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app
from flask.globals import app_ctx
from flask_security import RoleMixin, SQLAlchemySessionUserDatastore, UserMixin
from sqlalchemy import orm

from core.db import Base
from core.staff.tables import Staff
from web.desk.signing import lasting

COMPUTERS = "zamu_computers"
"""The application's extension that knows who shares a computer."""


class User(UserMixin):
    """One officer's account, as `Staff` describes it."""

    id: int
    username: str
    name: str
    role: str
    site_id: int | None
    agency_id: int | None
    language: str
    active: bool
    password: str
    must_change_password: bool
    fs_uniquifier: str
    ended_sessions: list[int]
    tf_primary_method: str | None
    tf_totp_secret: str | None
    tf_phone_number = None
    mf_recovery_codes: list[str] | None
    locked_until: datetime | None
    last_code: int | None

    def check_tf_required(self, tf_setup_methods: list[tuple[str, str]], tf_fresh: bool) -> tuple[bool, list[Any]]:
        """Always, but on a computer that has just had it from them (a shared one, where officers change)."""
        known: bool = current_app.extensions[COMPUTERS].knows(self)
        return not (tf_setup_methods and known), tf_setup_methods


orm.registry(metadata=Base.metadata).map_imperatively(User, Staff.__table__)


class _NoRole(RoleMixin):
    """Flask-Security's roles are not used: what somebody may do is in core.staff.roles."""


class StaffDatastore(SQLAlchemySessionUserDatastore):
    """Reads accounts without keeping a transaction open while the view does its work."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> User | None:
        (attribute, value), *_none = kwargs.items()
        user = self.db.session.scalar(sa.select(User).where(getattr(User, attribute) == value))
        self.db.session.commit()
        return user  # type: ignore[no-any-return]


def last_here() -> User | None:
    """Whose sign-in wore out last in this browser; None once somebody has signed in or out, or where nobody can say."""
    whose = lasting.whose()
    user: User | None = current_app.extensions["security"].datastore.find_user(fs_uniquifier=whose) if whose else None
    return user


def make_datastore(app: Flask) -> StaffDatastore:
    """On the engine that the application has already."""
    make = orm.sessionmaker(app.extensions["engine"], expire_on_commit=False)
    sessions = orm.scoped_session(make, scopefunc=lambda: id(app_ctx._get_current_object()))  # type: ignore[attr-defined]

    @app.teardown_appcontext
    def end(_error: BaseException | None) -> None:
        sessions.remove()

    return StaffDatastore(sessions, User, _NoRole)
