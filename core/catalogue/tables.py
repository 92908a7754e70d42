"""The catalogue: who offers which service where, when, and at what price.

Every value that came from somewhere carries its `source` and how far it can be
trusted (`Trust`). Services, sites and areas come from core/catalogue/data; an
offering is opened by somebody who has verified it, or by `zamu seed --demo`.
"""

from datetime import date, datetime, time
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Moment


class Trust(StrEnum):
    """How far a value may be told to a citizen."""

    ESTIMATE = "estimate"
    """Nobody knows: never told as a fact."""
    SOURCED = "sourced"
    """Published somewhere, not confirmed: told as reported."""
    VERIFIED = "verified"
    """Confirmed by somebody whose job it is."""


class Named(StrEnum):
    """What a row of `names` names."""

    AGENCY = "agency"
    CATEGORY = "category"
    SERVICE = "service"
    SITE = "site"
    AREA = "area"


class Part(StrEnum):
    """What of a thing can be set by hand."""

    ADDED = "added"
    """All of it: no data file has it."""
    NAMES = "names"
    TOWN = "town"
    ADDRESS = "address"
    HOURS = "hours"
    DAYS = "days"
    """From which day to which a centre is there."""
    FEES = "fees"
    BRING = "bring"
    """What to bring."""
    MINUTES = "minutes"
    APPOINTMENT = "appointment"
    """Whether one books, may book, or walks in."""


class Name(Base):
    """A name in one language: short for a phone's screen, full where there is room. GSM 7-bit only."""

    __tablename__ = "names"

    kind: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    short: Mapped[str]
    full: Mapped[str]


class Agency(Base):
    __tablename__ = "agencies"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)


class Category(Base):
    """A shelf of services on the phone, in the order of the catalogue."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class Area(Base):
    """A county, or a sub-county within one. Other countries have other kinds."""

    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("areas.id"))
    source: Mapped[str]


class Site(Base):
    """Where people go: a centre, or an outreach with an end."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(server_default="centre")
    area_id: Mapped[int] = mapped_column(sa.ForeignKey("areas.id"), index=True)
    town: Mapped[str]
    """For finding by name; shown only if `town_trust` allows."""
    town_trust: Mapped[str]
    town_rank: Mapped[int | None]
    """1 for the first of the common towns shown when a caller is asked where; centres of a town share it."""
    address: Mapped[str]
    address_trust: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    """Degrees, of the town and not the building unless the source says otherwise: for distances, never shown."""
    window_minutes: Mapped[int] = mapped_column(server_default="30")
    """The grid of times on which people are called at this site."""
    window_cap: Mapped[int | None]
    """Most people in one window over all services (crowd control); None is no cap."""
    opens_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    """Last day of an outreach."""
    source: Mapped[str]


class SiteHours(Base):
    """When a site is open, a row a weekday (0 is Monday) and period."""

    __tablename__ = "site_hours"

    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    """Last day on which it holds."""
    opens: Mapped[time]
    closes: Mapped[time]
    source: Mapped[str]
    trust: Mapped[str]


class Service(Base):
    __tablename__ = "services"

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agencies.id"))
    category_id: Mapped[int] = mapped_column(sa.ForeignKey("categories.id"))
    appointment: Mapped[str]
    """needed, optional, or walk_in: Zamu takes no bookings for it."""
    elsewhere: Mapped[bool] = mapped_column(server_default=sa.false())
    """True: not done at these sites at all, by its source."""
    identity: Mapped[str]
    """Who is coming: national_id, document (passport, alien ID, birth entry) or none (a first ID, a child)."""
    common_rank: Mapped[int | None]
    """1 for the first of the common services shown when a caller books; None for the rest."""
    minutes: Mapped[int]
    """At the counter, for capacity only (mostly estimates): never shown."""
    source: Mapped[str]


class Requirement(Base):
    """Something to bring, in one language, in order."""

    __tablename__ = "requirements"

    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    trust: Mapped[str]


class Fee(Base):
    """What a service costs over a span of days. The amount is None where nobody can say: ask at the centre."""

    __tablename__ = "fees"

    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    """Last day on which it holds."""
    amount_kes: Mapped[int | None]
    source: Mapped[str]
    trust: Mapped[str]


class Offering(Base):
    """A service at a site. Closed until somebody verifies that it is given there."""

    __tablename__ = "offerings"
    __table_args__ = (sa.UniqueConstraint("service_id", "site_id"),)

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    service_id: Mapped[int] = mapped_column(sa.ForeignKey("services.id"))
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    open: Mapped[bool] = mapped_column(server_default=sa.false())
    counters: Mapped[int] = mapped_column(server_default="1")
    """Desks that serve it at once."""
    minutes: Mapped[int]
    """One person at one counter."""
    daily_quota: Mapped[int | None]
    lead_minutes: Mapped[int] = mapped_column(server_default="60")
    """The earliest time offered is this far ahead."""
    horizon_days: Mapped[int] = mapped_column(server_default="30")
    source: Mapped[str]
    trust: Mapped[str]


class OfferingHours(Base):
    """When an offering takes bookings, a row a weekday (0 is Monday) and period."""

    __tablename__ = "offering_hours"

    offering_id: Mapped[int] = mapped_column(sa.ForeignKey("offerings.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_until: Mapped[date | None]
    opens: Mapped[time]
    closes: Mapped[time]
    source: Mapped[str]
    trust: Mapped[str]


class HolidayOverride(Base):
    """A day that the holidays library does not know, or has wrong."""

    __tablename__ = "holiday_overrides"

    day: Mapped[date] = mapped_column(primary_key=True)
    closed: Mapped[bool]
    reason: Mapped[str]


class Closure(Base):
    """A site, one offering, or some of an offering's counters shut for a time."""

    __tablename__ = "closures"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="order"),
        sa.CheckConstraint("counters IS NULL OR offering_id IS NOT NULL", name="counters"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(), primary_key=True)
    site_id: Mapped[int] = mapped_column(sa.ForeignKey("sites.id"), index=True)
    offering_id: Mapped[int | None] = mapped_column(sa.ForeignKey("offerings.id"))
    """None shuts the whole site."""
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str]
    """system_down, officer_absent, or a reason in the manager's words. Told to citizens only as "closed"."""
    counters: Mapped[int | None]
    """How many of the offering's counters are shut; None: all of them, and nothing can be booked.

    0: none; its hours were changed, and whoever stands outside them is moved.
    """
    who: Mapped[str | None]
    """The member of staff who closed it."""
    created_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was opened again before its end: from then on it shuts nothing."""
    asking: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether those whose bookings are moved are asked (YES or NO), and not only told."""
    moved: Mapped[int] = mapped_column(server_default="0")
    """Bookings given another time because of it."""
    ended: Mapped[int] = mapped_column(server_default="0")
    """Bookings for which there was none."""
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    """When nobody was left on a closed slot. None: the clock is still moving people."""


sa.Index("closures_clearing_idx", Closure.id, postgresql_where=Closure.cleared_at.is_(None))


class HandEdit(Base):
    """That somebody has set or confirmed a part of the catalogue by hand: the data files leave it from then on."""

    __tablename__ = "hand_edits"

    kind: Mapped[str] = mapped_column(primary_key=True)
    """A `Named`, as `names` has it."""
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    """A `Part`."""
    who: Mapped[str]
    """The member of staff."""
    source: Mapped[str]
    """Where it is written, or who says so, in their words."""
    trust: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)


class CatalogueVersion(Base):
    """One row, counted up by every change to the catalogue: processes reload when it differs from theirs."""

    __tablename__ = "catalogue_version"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    digest: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    """SHA-256 of each data file last loaded."""
