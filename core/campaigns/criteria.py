"""Which documents a campaign is about."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.campaigns.errors import UnknownCode
from core.campaigns.tables import Campaign
from core.catalogue.tables import Service, Site
from core.db import Session
from core.tracking.stages import Stage
from core.tracking.tables import Document
from core.wording import N_
from core.wording import gettext as _

NO_SERVICE = N_("There is no service with the code {codes}.")
NO_SITE = N_("There is no centre with the code {codes}.")


@dataclass(frozen=True, slots=True)
class Criteria:
    """Documents on the shelf, never told to their owners: of these services, at these centres, lying there so long."""

    services: tuple[str, ...] = ()
    """Codes; none means all."""
    sites: tuple[str, ...] = ()
    """Codes; none means all."""
    least_days: int = 0
    """Since the centre acknowledged them."""
    most_days: int | None = None
    as_of: datetime | None = None
    """The moment at which their age counts: set when the campaign is submitted, so that what was approved is what is
    told, and nothing that arrives meanwhile."""

    def kept(self) -> dict[str, Any]:
        """As a campaign's row keeps it."""
        return asdict(self) | {"as_of": self.as_of.isoformat() if self.as_of else None}

    def as_of_now(self, now: datetime) -> "Criteria":
        """With its moment; the first one stays."""
        return self if self.as_of else replace(self, as_of=now)


def criteria_of(campaign: Campaign) -> Criteria:
    """What the campaign's row keeps."""
    kept = campaign.criteria
    as_of = kept.get("as_of")
    return Criteria(
        services=tuple(kept["services"]),
        sites=tuple(kept["sites"]),
        least_days=kept["least_days"],
        most_days=kept["most_days"],
        as_of=datetime.fromisoformat(as_of) if as_of else None,
    )


def matching(criteria: Criteria, now: datetime) -> list[sa.ColumnElement[bool]]:
    """Conditions on `documents`. Before the campaign is submitted their age counts at `now`."""
    at = criteria.as_of or now
    conditions = [
        Document.stage == Stage.RECEIVED,
        Document.arrivals > 0,
        Document.received_at <= at - timedelta(days=criteria.least_days),
    ]
    if criteria.most_days is not None:
        conditions.append(Document.received_at >= at - timedelta(days=criteria.most_days))
    if criteria.services:
        conditions.append(Document.service_id.in_(sa.select(Service.id).where(Service.code.in_(criteria.services))))
    if criteria.sites:
        conditions.append(Document.site_id.in_(sa.select(Site.id).where(Site.code.in_(criteria.sites))))
    return conditions


def check_criteria(db: Session, criteria: Criteria) -> None:
    """Raises:
    UnknownCode: the catalogue has no such service or site; or the days are in no order.
    """
    for sentence, table, codes in ((NO_SERVICE, Service, criteria.services), (NO_SITE, Site, criteria.sites)):
        known = set(db.scalars(sa.select(table.code).where(table.code.in_(codes))))
        unknown = [code for code in codes if code not in known]
        if unknown:
            raise UnknownCode(_(sentence).format(codes=", ".join(unknown)))
    if criteria.most_days is not None and criteria.most_days < criteria.least_days:
        raise UnknownCode(_("The most days on the shelf are fewer than the least."))
