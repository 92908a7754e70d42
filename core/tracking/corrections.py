"""What may have to be put right before a document can be made, and what its owner is told to do about it.

Only what can be known here is said: whether something is to be paid, and which
paper will do, differs by service and case, and is for the centre to say.
"""

from enum import StrEnum

from core.tracking.errors import NothingToCorrect
from core.wording import N_
from core.wording import gettext as _


class Correction(StrEnum):
    PHOTO = "photo"
    FINGERPRINTS = "fingerprints"
    SIGNATURE = "signature"
    DETAILS_DIFFER = "details_differ"
    PAPER_MISSING = "paper_missing"
    PAYMENT = "payment"
    OTHER = "other"


_TO_DO = {
    Correction.PHOTO: N_("The photo cannot be used. Come to {site} for a new one."),
    Correction.FINGERPRINTS: N_("Fingerprints must be taken again. Come to {site} yourself."),
    Correction.SIGNATURE: N_("The signature must be given again. Come to {site} yourself."),
    Correction.DETAILS_DIFFER: N_("Details do not agree. Come to {site} with your papers."),
    Correction.PAPER_MISSING: N_("A paper is missing. Ask at {site} which one, and bring it."),
    Correction.PAYMENT: N_("A payment is missing. Ask at {site}; pay only officially."),
    Correction.OTHER: N_("Something must be put right. Ask at {site} what to bring."),
}


def to_do(correction: str, site: str) -> str:
    """What the owner must do, in the language being spoken: one or two short sentences.

    Raises:
        ValueError: no such correction.
    """
    return _(_TO_DO[Correction(correction)]).format(site=site)


def check_correction(named: str | None) -> Correction:
    """Raises:
    NothingToCorrect: none, or none that we know.
    """
    try:
        return Correction(named or "")
    except ValueError as error:
        raise NothingToCorrect from error
