"""What whoever is signed in may see: documents of their centre or agency, phones that they found. The rest does not
exist for them.
"""

from collections.abc import Collection

from flask import abort, render_template

from core.catalogue.snapshot import Catalogue, Site
from core.db import Session
from core.errors import Malformed
from core.references import parse_reference
from core.tracking.documents import find
from core.tracking.errors import NoSuchDocument
from core.tracking.scanning import is_known_at
from core.tracking.tables import Document
from web.desk.access import officer, own_site
from web.pages.tokens import Tokens


class ContactTokens:
    """Phones as addresses of the desk have them: sealed for the officer who found them."""

    def __init__(self, secret_key: str) -> None:
        self._tokens = Tokens(secret_key, "desk-citizen")

    def make(self, contact_id: int) -> str:
        return self._tokens.make(officer().id, contact_id)

    def contact_or_404(self, token: str) -> int:
        found = self._tokens.person_of(officer().id, token)
        return abort(404) if found is None else found


def own_document(db: Session, catalogue: Catalogue, number: str) -> Document:
    """The document with this number, or 404."""
    try:
        return seen_document(db, catalogue, parse_reference(number))
    except (Malformed, NoSuchDocument):
        abort(404)


def seen_document(db: Session, catalogue: Catalogue, number: str) -> Document:
    """Raises:
    NoSuchDocument: there is none, or none that this officer may see.
    """
    document = find(db, number)
    who = officer()
    there = who.sees_site(document.site_id)
    if not there and who.site_id is not None:
        there = is_known_at(db, document, who.site_id)
    if not (there and who.sees_service(catalogue.service_by_id(document.service_id))):
        raise NoSuchDocument
    return document


def own_services(catalogue: Catalogue) -> Collection[int] | None:
    """The services whose documents they see; None is all of them."""
    who = officer()
    if who.agency_id is None:
        return None
    return [service.id for service in catalogue.services.values() if who.sees_service(service)]


def chosen_site(catalogue: Catalogue, code: str | None) -> Site | None:
    """The centre that is looked at; None while somebody who sees all of them has not chosen one."""
    return own_site(catalogue, code) if code or len(officer().sites(catalogue)) == 1 else None


def which_centre(catalogue: Catalogue, endpoint: str, **arguments: str) -> str:
    """The page that asks for the centre; its links lead back to `endpoint`, with these and `centre`."""
    sites = officer().sites(catalogue)
    return render_template("desk/which_centre.html", sites=sites, endpoint=endpoint, arguments=arguments)
