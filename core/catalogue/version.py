"""The number that every change to the catalogue counts up, so that processes know when theirs is old."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from core.catalogue.tables import CatalogueVersion
from core.db import Session


def catalogue_version(db: Session) -> int:
    """0 before anything was loaded."""
    return db.scalar(sa.select(CatalogueVersion.version)) or 0


def hold_version(db: Session) -> None:
    """Wait until no other transaction is changing the catalogue, and keep others out until this one ends."""
    db.execute(insert(CatalogueVersion).values(id=1, version=0).on_conflict_do_nothing())
    db.execute(sa.select(CatalogueVersion.version).with_for_update())


def keep_version(db: Session) -> int | None:
    """The version, which nobody counts up until this transaction ends; None if somebody is changing the catalogue."""
    return db.scalar(sa.select(CatalogueVersion.version).with_for_update(read=True, skip_locked=True))


def bump_version(db: Session) -> int:
    """Say that the catalogue has changed; return the new version.

    Called by every command that changes a row of the catalogue, in the same transaction.
    """
    hold_version(db)
    counted_up = sa.update(CatalogueVersion).values(version=CatalogueVersion.version + 1)
    return db.execute(counted_up.returning(CatalogueVersion.version)).scalar_one()
