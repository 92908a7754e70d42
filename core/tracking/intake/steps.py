"""What a row means for a document that is known already: nothing new, some steps, or a contradiction."""

from core.catalogue.snapshot import Catalogue
from core.errors import Malformed
from core.people.register import Register
from core.tracking.intake.rows import Wish
from core.tracking.stages import MOVES, READY, SAID, Stage, check_move
from core.tracking.tables import Document
from core.wording import gettext as _

_HOW_FAR = {
    Stage.APPLIED: 0,
    Stage.SENT_TO_AGENCY: 1,
    Stage.NEEDS_CORRECTION: 1,
    Stage.IN_PROCESS: 2,
    Stage.SENT_TO_CENTRE: 3,
    Stage.TRANSFERRED: 3,
    Stage.RECEIVED: 4,
    Stage.NOTIFIED: 5,
    Stage.REMINDED: 6,
    Stage.COLLECTED: 7,
}
"""Old news about a document that is further on is no contradiction: it changes nothing."""
_NEWS = frozenset({Stage.NEEDS_CORRECTION, Stage.REJECTED})
"""These are never old news: what is further on contradicts them."""


def steps_to(document: Document, wish: Wish, catalogue: Catalogue) -> list[Stage]:
    """The steps that take a document where the row says it is; none where it has been there already.

    A correction that the agency does not mention any more has been made: the
    document is in process again, and goes on from there.

    Raises:
        IllegalMove: the journey does not lead there.
        Malformed: another centre has it, or is to have it.
    """
    current, target = Stage(document.stage), wish.stage
    if target is Stage.NEEDS_CORRECTION and current is target:
        return [] if document.correction == wish.correction else [Stage.IN_PROCESS, target]
    if current is target is Stage.REJECTED:
        return []
    _check_centre(document, wish, current, catalogue)
    if target in MOVES[current] and not (current is Stage.NEEDS_CORRECTION and target is Stage.SENT_TO_AGENCY):
        return [target]
    if target not in _NEWS and current in _HOW_FAR and _HOW_FAR[current] >= _HOW_FAR[target]:
        return []
    if target in READY and current in READY:
        return []
    if current is Stage.NEEDS_CORRECTION and target in MOVES[Stage.IN_PROCESS]:
        return [Stage.IN_PROCESS, target]
    check_move(current, target)
    return [target]


def check_same(document: Document, wish: Wish, owner_id: int | None, register: Register, catalogue: Catalogue) -> None:
    """That what the row says of the document's service and owner is what is known of them.

    An ID alone cannot be held against a document that was registered with a
    year of birth: a first ID exists only once it has been made.

    Raises:
        Malformed: it is not.
    """
    if wish.service and wish.service.id != document.service_id:
        known = catalogue.service_by_id(document.service_id).code
        said = _("The document number is that of a document for {known}, not {service}.")
        raise Malformed(said.format(known=known, service=wish.service.code))
    if document.owner_id and owner_id and document.owner_id != owner_id:
        raise Malformed(_("The ID number is not that of this document's owner."))
    if document.owner_id is None and wish.year_of_birth and not proven(document, wish, register):
        raise Malformed(_("Neither the year of birth nor the ID number is the one this document was registered with."))


def proven(document: Document, wish: Wish, register: Register) -> bool:
    """Whether the row knows what the document's owner would be asked for."""
    indexes = [register.proof_index(document.tracking_number, proof) for proof in wish.proofs()]
    return document.proof_index in indexes


def _check_centre(document: Document, wish: Wish, current: Stage, catalogue: Catalogue) -> None:
    if wish.stage is Stage.RECEIVED and wish.site is None:
        raise Malformed(
            _("Which centre has received it? Give the centre in a column of its own, or for the whole file.")
        )
    if wish.site is None or wish.site.id == document.site_id:
        return
    known = catalogue.site_by_id(document.site_id).code
    said = None
    if wish.stage is Stage.RECEIVED and current in READY:
        said = _("It lies at {known} already. Transfer it before {centre} receives it.")
    elif wish.stage is Stage.RECEIVED and current is Stage.TRANSFERRED:
        said = _("It is on its way to {known}, and not to {centre}.")
    elif wish.stage is Stage.SENT_TO_CENTRE and current is Stage.SENT_TO_CENTRE:
        said = _("It was sent to {known} already. If it arrives at {centre}, receive it there.")
    if said:
        raise Malformed(said.format(known=known, centre=wish.site.code))


def said(document: Document) -> str:
    """Why a row about it changes nothing."""
    return _("Already known: it is {stage}.").format(stage=_(SAID[Stage(document.stage)]))
