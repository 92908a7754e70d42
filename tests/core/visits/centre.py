"""What the officers of a small centre do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core import sums
from core.booking.outcomes import Booked
from core.booking.tables import BookingHistory
from core.catalogue.snapshot import Offering
from core.people.audit import Actor
from core.people.tables import Event
from core.visits import arriving, expected, turning_away
from core.visits.arriving import CheckedIn
from core.visits.expected import Page
from core.visits.turning_away import Reason, Turned
from tests.core.booking.world import NO_CLOSED_DAYS, TUESDAY, World, an_hour

ASHA = Actor("desk", who="asha")


class Centre(World):
    """GPO, unless another site is named."""

    def acts(self, command: Any, key: str = "", **arguments: Any) -> Any:
        """A command of an officer, in a transaction of its own."""
        with self.transaction() as db:
            request_key = key or f"desk {next(self.numbers)}"
            return command(db, actor=ASHA, request_key=request_key, now=self.now, **arguments)

    def expects(self, offering: Offering | None = None, hour: int = 8, **more: Any) -> Booked:
        """Somebody with an ID books an hour of Tuesday."""
        return self.confirms(
            self.phone(), offering or self.gpo(), more.pop("at", an_hour(hour)), self.person(more.pop("number", ""))
        )

    def gpo(self, **details: Any) -> Offering:
        """The one offering of most tests."""
        return self.offerings[0] if self.offerings else self.offering(**details)

    def checks_in(self, booked: Booked, *, site: str = "GPO", key: str = "") -> CheckedIn:
        return self.acts(arriving.check_in, key, reference=booked.reference, site_id=self.sites[site].id)

    def takes_back(self, booked: Booked, *, site: str = "GPO", key: str = "") -> tuple[int, datetime]:
        """The site for which the booking is now, and the time."""
        found = self.acts(arriving.undo_check_in, key, reference=booked.reference, site_id=self.sites[site].id)
        return found[0], found[1]

    def receives(self, booked: Booked, offering: Offering, *, key: str = "") -> CheckedIn:
        return self.acts(
            arriving.receive, key, reference=booked.reference, offering=offering, closed_days=NO_CLOSED_DAYS
        )

    def misses(self, booked: Booked, *, site: str = "GPO", key: str = "") -> None:
        self.acts(arriving.not_come, key, reference=booked.reference, site_id=self.sites[site].id)

    def turned(self, booked: Booked, reason: Reason = Reason.SYSTEM_DOWN, site: str = "GPO") -> Turned:
        return Turned(booked.reference, self.sites[site].id, reason)

    def times(self, offering: Offering, reason: Reason = Reason.SYSTEM_DOWN) -> list[Any]:
        with self.transaction() as db:
            return turning_away.times(db, offering, reason, now=self.now, closed_days=NO_CLOSED_DAYS)

    def brings_back(self, turned: Turned, offering: Offering, starts_at: Any, *, key: str = "") -> Booked:
        return self.acts(
            turning_away.bring_back,
            key,
            turned=turned,
            offering=offering,
            starts_at=starts_at,
            closed_days=NO_CLOSED_DAYS,
        )

    def lets_go(self, turned: Turned, *, key: str = "") -> None:
        self.acts(turning_away.let_go, key, turned=turned)

    def day(self, site: str = "GPO", day: Any = TUESDAY, **more: Any) -> Page:
        with self.transaction() as db:
            return expected.list_day(db, self.register, site_id=self.sites[site].id, day=day, **more)

    def counts(self, site: str = "GPO", day: Any = TUESDAY) -> dict[str, int]:
        """Those that are not 0."""
        with self.transaction() as db:
            found = expected.counts(db, site_id=self.sites[site].id, day=day)
        return {state.value: number for state, number in found.items() if number}

    def not_served(self) -> dict[str, int]:
        """Who could not be served at GPO on Tuesday, by reason, as the figures have it."""
        total = sums.Sums()
        with self.transaction() as db:
            site_id = self.sites["GPO"].id
            sites = sums.at_sites(db, [site_id], first=TUESDAY, last=TUESDAY)
        assert set(sites) == {site_id}
        for found in sites[site_id].values():
            total += found
        return dict(total.not_served)

    def history(self) -> Sequence[BookingHistory]:
        return self.scalars(sa.select(BookingHistory).order_by(BookingHistory.id))

    def events(self, name: str) -> Sequence[Event]:
        return self.scalars(sa.select(Event).where(Event.name == name).order_by(Event.id))
