"""Accounts of staff. What a person may do follows from the role, and from the centre or agency they belong to."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Staff(Base):
    """One officer. Rows are switched off and never deleted: the record names them."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    """What is typed to sign in, such as a staff number; lower case."""
    name: Mapped[str]
    """As colleagues know them."""
    role: Mapped[str]
    """A `roles.Role`."""
    site_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    """The centre of a role that belongs to one."""
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agencies.id"), index=True)
    """The agency of a role that belongs to one."""
    language: Mapped[str] = mapped_column(server_default="en")
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    password: Mapped[str]
    """Argon2 hash."""
    must_change_password: Mapped[bool] = mapped_column(server_default=sa.true())
    """Somebody else knows it: whoever made the account, or reset it."""
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    """Named by every session: a new one ends them all."""
    ended_sessions: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), server_default="{}")
    """Those that are over before their time: the seconds since 1970 at which each began, of the last hours."""
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    """Sealed with a key derived from the secret key."""
    last_code: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The half minute of the code last used: a code that somebody looked over a shoulder is worth nothing."""
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(ARRAY(sa.String))
    """Keyed hashes of the printed codes; each is taken away when it has been used. None: there never were any."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """Wrong passwords and codes since the last sign-in."""
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)
