"""Whose documents a file may be about. What is not theirs does not exist for whoever gives it."""

from core.errors import Malformed
from core.tracking.intake.outcomes import Delivery
from core.tracking.intake.rows import Wish
from core.tracking.stages import AWAITED, Stage
from core.tracking.tables import Document
from core.wording import gettext as _


def check_bounds(wish: Wish, document: Document | None, delivery: Delivery) -> None:
    """`document` is the one of the row's tracking number.

    Raises:
        Malformed: the row is about another agency's document, or another centre's.
    """
    if wish.stage is Stage.RECEIVED and not delivery.bounds.receives:
        raise Malformed(_("Only the centre itself can say that it has received a document."))
    agency_id, site_id = delivery.bounds.agency_id, delivery.bounds.site_id
    if agency_id is not None:
        if wish.service is not None and wish.service.agency_id != agency_id:
            said = _("{service} is not a service of your agency: its documents are not yours to give.")
            raise Malformed(said.format(service=wish.service.code))
        if document and delivery.catalogue.service_by_id(document.service_id).agency_id != agency_id:
            raise Malformed(_("No document of your agency has this document number."))
    if site_id is not None:
        if wish.site is not None and wish.site.id != site_id:
            said = _("{centre} is not your centre: you can take in documents for your own only.")
            raise Malformed(said.format(centre=wish.site.code))
        if document and not may_reach(wish, document, delivery):
            raise Malformed(_("No document of your centre has this document number."))


def may_reach(wish: Wish, document: Document, delivery: Delivery) -> bool:
    """Whether a row may be about this document: it is the centre's own, or lies in its clerk's hand."""
    in_hand = wish.stage is Stage.RECEIVED and document.stage in AWAITED
    return in_hand or is_own(document, delivery)


def is_own(document: Document, delivery: Delivery) -> bool:
    """Whether it is the centre's own: of another's, not even the number is told."""
    return delivery.bounds.site_id in (None, document.site_id)


def not_yours(wish: Wish) -> Malformed:
    """The refusal of a row whose owner and service mean a document of another centre."""
    said = _("Its owner has a document for {service} already, which is not your centre's. It was not changed.")
    return Malformed(said.format(service=wish.service.code if wish.service else ""))
