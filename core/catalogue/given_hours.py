"""The hours of a centre, given to services there that are opened in them."""

import sqlalchemy as sa

from core.catalogue.tables import Offering, OfferingHours, SiteHours, Trust
from core.db import Session


def copy_site_hours(db: Session, which: sa.ColumnElement[bool], *, source: str, trust: Trust) -> None:
    """Let these offerings, which have none, have the hours of their centres; told with this source and trust."""
    hours = sa.select(
        Offering.id,
        SiteHours.weekday,
        SiteHours.valid_from,
        SiteHours.valid_until,
        SiteHours.opens,
        SiteHours.closes,
        sa.literal(source),
        sa.literal(trust.value),
    ).join_from(Offering, SiteHours, SiteHours.site_id == Offering.site_id)
    columns = ["offering_id", "weekday", "valid_from", "valid_until", "opens", "closes", "source", "trust"]
    db.execute(sa.insert(OfferingHours).from_select(columns, hours.where(which)))
