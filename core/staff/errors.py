"""What is refused about staff: nothing was changed. Each message is a sentence for whoever manages them."""

from core.errors import ZamuError
from core.wording import gettext as _


class StaffRefused(ZamuError):
    """The base of these refusals."""


class UsernameTaken(StaffRefused):
    """Somebody has, or once had, an account of this name."""

    def __init__(self) -> None:
        super().__init__(_("This staff number has an account already."))


class NoSuchColleague(StaffRefused):
    """Nobody of that number, or nobody this person is in charge of: the two look alike."""

    def __init__(self) -> None:
        super().__init__(_("There is no such account."))


class ChangedMeanwhile(StaffRefused):
    """A colleague has changed the account since it was looked at."""

    def __init__(self) -> None:
        super().__init__(_("It has changed since you looked. Look again."))


class NotTheirs(StaffRefused):
    """This role, centre or agency is not theirs to give, or the three do not belong together."""

    def __init__(self) -> None:
        super().__init__(_("You cannot give this role here."))
