"""What is refused about the catalogue: nothing was changed. Each message is a sentence for whoever edits it."""

from collections.abc import Mapping

from core.errors import ZamuError
from core.wording import gettext as _


class CatalogueRefused(ZamuError):
    """The base of these refusals.

    Attributes:
        field: what is at fault, as the command's arguments name it; empty: all of it.
    """

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class NoSuchEntry(CatalogueRefused):
    """Nothing of that code, or nothing that begins on that day."""

    def __init__(self) -> None:
        super().__init__(_("The catalogue has no such entry."))


class Unfit(CatalogueRefused):
    """A text that a plain phone cannot show, or that is there already."""


class Overlapping(CatalogueRefused):
    """Something else is planned for the same days."""


class BadSpan(CatalogueRefused):
    """Days or times in no order, or not as they must be."""


class Unsourced(CatalogueRefused):
    """Nobody says where it is written: later nobody could check it."""

    def __init__(self) -> None:
        super().__init__(_("Say where this is written, or who confirmed it."), field="note")


class Outdated(CatalogueRefused):
    """Somebody has changed it since it was looked at: what was to be confirmed is no longer so."""

    def __init__(self) -> None:
        super().__init__(_("It has changed since you looked. Look again."))


class CannotOpen(CatalogueRefused):
    """Some of the services that were to be opened together cannot be, so none is.

    Attributes:
        why: by the codes of service and centre.
    """

    def __init__(self, why: Mapping[tuple[str, str], CatalogueRefused]) -> None:
        super().__init__(_("Nothing was opened: some of it cannot be."))
        self.why = why


class StillBooked(CatalogueRefused):
    """People have places in what was to be switched off."""

    def __init__(self, places: int) -> None:
        super().__init__(
            _("Places still taken: {count}. Close the service for a time first: its bookings are moved.").format(
                count=places
            )
        )
        self.places = places


class BookedOutside(CatalogueRefused):
    """People have places on days on which a centre would not be there."""

    def __init__(self, places: int) -> None:
        super().__init__(
            _(
                "Places taken on days that would be left out: {count}. "
                "Close the centre on those days first: its bookings are moved and told."
            ).format(count=places),
        )
        self.places = places
