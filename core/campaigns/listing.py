"""Campaigns in a list."""

from collections.abc import Sequence

import sqlalchemy as sa

from core.campaigns.tables import Campaign
from core.db import Session


def newest(db: Session, *, limit: int, after: int | None = None) -> Sequence[Campaign]:
    """The last made first; `after` is the number of the last one of the page before."""
    chosen = sa.select(Campaign).order_by(Campaign.id.desc()).limit(limit)
    return db.scalars(chosen.where(Campaign.id < after) if after is not None else chosen).all()


def corrections_of(db: Session, campaign_id: int) -> Sequence[Campaign]:
    """The campaigns that correct what this one told, the first made first."""
    return db.scalars(sa.select(Campaign).where(Campaign.corrects_id == campaign_id).order_by(Campaign.id)).all()
