"""What a citizen is in the middle of, as the address of each page has it: a time, or a wait for one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, request, url_for

from core.catalogue.snapshot import Catalogue, Offering, Service
from core.clock import local_date
from core.errors import Malformed
from core.references import parse_reference
from web import choosing

WAIT = "wait-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time at a centre; or, without one, a wait `until` a day. `moving`: the booking that is to have the time."""

    offering: Offering
    starts_at: datetime | None
    until: date | None
    moving: str

    @property
    def slot(self) -> dict[str, Any]:
        """As addresses have it."""
        what = choosing.stamp(self.starts_at) if self.starts_at else f"{WAIT}{self.until}"
        return where(self.offering) | {"what": what} | moving_to(self.moving)

    def is_beyond(self, now: datetime) -> bool:
        """Whether it is a wait for times that cannot be booked yet."""
        return self.until is not None and self.until > local_date(now) + timedelta(days=self.offering.horizon_days)

    def to(self, endpoint: str, **more: Any) -> str:
        """The address of a page about it."""
        return url_for(endpoint, **self.slot, **more)

    def times(self, said: str = "") -> str:
        """Back to the times of the centre, with a word about why."""
        about: dict[str, Any] = {"said": said} if said else {}
        return url_for("booking.times", **where(self.offering), **moving_to(self.moving), **about)


def where(offering: Offering) -> dict[str, Any]:
    return {"service": offering.service.code, "site": offering.site.code}


def moving_to(reference: str) -> dict[str, Any]:
    """The booking that is being moved, for every address on the way."""
    return {"moving": reference} if reference else {}


def moving() -> str:
    """The reference of the booking that is being moved; empty for a new one."""
    given = request.args.get("moving", "")
    if not given:
        return ""
    try:
        return parse_reference(given)
    except Malformed:
        abort(404)


def service_or_404(catalogue: Catalogue, code: str) -> Service:
    return catalogue.services.get(code) or abort(404)


def wanted_or_404(catalogue: Catalogue, service: str, site: str, what: str) -> Wanted | None:
    """What the address says; None if the centre takes no bookings for the service any more."""
    if service not in catalogue.services or site not in catalogue.sites:
        abort(404)
    until = choosing.day_of(what.removeprefix(WAIT)) if what.startswith(WAIT) else None
    starts_at = choosing.moment_of(what)
    if starts_at is None and until is None:
        abort(404)
    offering = catalogue.offering(service, site)
    return None if offering is None else Wanted(offering, starts_at, until, moving())
