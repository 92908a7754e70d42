"""What is refused about documents: nothing was changed. Each message is a sentence for whoever stands at the desk."""

from core.errors import ZamuError
from core.wording import gettext as _


class DocumentRefused(ZamuError):
    """The base of these refusals."""


class NoSuchDocument(DocumentRefused):
    """No document of that number."""

    def __init__(self) -> None:
        super().__init__(_("There is no document with this number."))


class NothingToCorrect(DocumentRefused):
    """A document cannot wait for a correction that nobody has named."""

    def __init__(self) -> None:
        super().__init__(_("Say what must be put right, so that the owner can be told."))


class NoReason(DocumentRefused):
    """A rule was to be set aside without a reason."""

    def __init__(self) -> None:
        super().__init__(_("Type a reason for handing it over without the code."))


class TooManyCodes(DocumentRefused):
    """As many wrong codes as a document allows in an hour."""

    def __init__(self) -> None:
        super().__init__(_("Too many wrong codes for this document. Try again in an hour, or ask your manager."))


class NoConsent(DocumentRefused):
    """The owner has not agreed that this person collects the document, or not lately."""

    def __init__(self) -> None:
        super().__init__(_("The owner has not agreed to this by SMS. Ask for consent, and wait for the answer."))


class NobodyToAsk(DocumentRefused):
    """The owner has no phone that we know, or wants no messages."""

    def __init__(self) -> None:
        super().__init__(_("We cannot ask the owner by SMS."))


class AskedTooOften(DocumentRefused):
    """An owner has been asked for consent as often as is right in an hour."""

    def __init__(self) -> None:
        super().__init__(_("The owner has been asked often enough. Wait for the answer, or try again in an hour."))


class NothingToAllow(DocumentRefused):
    """This phone was not asked that, or the time to answer is over, or the document has been collected."""

    def __init__(self) -> None:
        super().__init__(_("That request is over. Nobody can collect the document by it."))


class NumberInUse(DocumentRefused):
    """A printed tracking number belongs to another document."""

    def __init__(self) -> None:
        super().__init__(_("This number belongs to another document. Use another card."))


class PhoneKnown(DocumentRefused):
    """The owner's phone is known already: a desk puts in the one that is missing, and changes none."""

    def __init__(self) -> None:
        super().__init__(_("This document has a phone already."))


class NotOnShelf(DocumentRefused):
    """A document cannot be put into a bin: it does not lie ready at a centre."""

    def __init__(self, stage: str) -> None:
        super().__init__(_("This document is {stage}; it cannot be put into a bin.").format(stage=stage))
