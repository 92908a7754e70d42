"""What messages say. A message keeps its template's name and arguments; it is worded when it is sent.

Each text fits one SMS (160 septets) with the longest names of the catalogue:
a test measures all of them, in every language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.catalogue.snapshot import Catalogue
from core.clock import local_date
from core.errors import ZamuError
from core.messaging.stages import stage_line
from core.references import grouped
from core.tracking.stages import Stage
from core.wording import dates, speaking
from core.wording import gettext as _


class Unworded(ZamuError):
    """The message cannot be put into words: `code` is stable and says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wording:
    """What a template is worded from."""

    arguments: Mapping[str, Any]
    catalogue: Catalogue
    code: str
    """The service code a citizen dials, such as *191*9#."""

    def service(self) -> str:
        return self.catalogue.services[self.arguments["service"]].names.spoken

    def site(self) -> str:
        return self.catalogue.sites[self.arguments["site"]].names.spoken

    def moment(self, name: str) -> datetime:
        return datetime.fromisoformat(self.arguments[name])

    def booking(self) -> dict[str, str]:
        """What every message about a booking names."""
        return {
            "service": self.service(),
            "site": self.site(),
            "when": dates.when(self.moment("starts_at")),
            "reference": grouped(str(self.arguments["reference"])),
            "code": self.code,
        }


def render(template: str, arguments: Mapping[str, Any], *, language: str, catalogue: Catalogue, code: str) -> str:
    """The text of a message in the language of its reader.

    Raises:
        Unworded: no such template (unknown_template), or an argument is
            missing, of another kind, or names nothing (bad_arguments).
    """
    if template not in TEMPLATES:
        raise Unworded("unknown_template")
    try:
        with speaking(language):
            return TEMPLATES[template](Wording(arguments, catalogue, code))
    except (KeyError, TypeError, ValueError) as error:
        raise Unworded("bad_arguments") from error


def _booking_confirmed(say: Wording) -> str:
    return _(
        "Booked: {service}, {site}, {when}. Number {reference}. Late? Come, you will be served. "
        "To move: {code}. Booking is free."
    ).format(**say.booking())


def _booking_moved(say: Wording) -> str:
    return _(
        "Moved: {service}, {site}, {when}. Number {reference}. Late? Come, you will be served. "
        "To move: {code}. Booking is free."
    ).format(**say.booking())


def _booking_given_up(say: Wording) -> str:
    return _("You cancelled: {service}, {site}, {when}. To book again dial {code}. Booking is free.").format(
        **say.booking()
    )


def _document_status(say: Wording) -> str:
    since = dates.month_day(local_date(say.moment("since")))
    return _("Document for {service}: {stage} To ask again dial {code}.").format(
        service=say.service(), stage=stage_line(Stage(say.arguments["stage"]), say.site(), since), code=say.code
    )


TEMPLATES: Mapping[str, Callable[[Wording], str]] = {
    "booking_confirmed": _booking_confirmed,
    "booking_moved": _booking_moved,
    "booking_given_up": _booking_given_up,
    "document_status": _document_status,
}
"""By name. Bookings take service, site, starts_at and reference; a document takes service, site, stage and since."""
