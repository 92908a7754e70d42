"""Who is at the desk, and what they may see: every view of the desk names what it needs.

A view is marked with `@needs(Can.…)`. Whoever has not signed in is sent to the
sign-in; whoever may not is told so (403), and what is not theirs to see does not
exist for them (404).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import abort, after_this_request, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from core.catalogue.snapshot import Catalogue, Offering, Service, Site
from core.people.audit import Actor
from core.staff.roles import AT_A_CENTRE, MAY, OF_AN_AGENCY, Can, Role
from web.desk.signing.officers import last_here
from web.desk.signing.typed import KEEPER, TypedKeeper
from web.pages.frame import page_above
from web.work import Work

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever is signed in."""

    id: int
    username: str
    name: str
    role: Role
    site_id: int | None
    agency_id: int | None

    @property
    def actor(self) -> Actor:
        """As the record names them."""
        return Actor("desk", who=self.username)

    def may(self, can: Can) -> bool:
        return can in MAY[self.role]

    def sees_site(self, site_id: int) -> bool:
        """Whether this centre's citizens are theirs to see."""
        return self.role not in AT_A_CENTRE or self.site_id == site_id

    def sees_service(self, service: Service) -> bool:
        """Whether this service's documents are theirs to see."""
        return self.role not in OF_AN_AGENCY or self.agency_id == service.agency_id

    def sees_offering(self, offering: Offering) -> bool:
        return self.sees_site(offering.site.id) and self.sees_service(offering.service)

    def sites(self, catalogue: Catalogue) -> list[Site]:
        """The centres they may choose from."""
        return [site for site in catalogue.sites.values() if self.sees_site(site.id)]


def officer() -> Officer:
    """Whoever is signed in. Only within a view that `needs` something."""
    user = current_user
    return Officer(user.id, user.username, user.name, Role(user.role), user.site_id, user.agency_id)


def needs(can: Can, *, shows_again: bool = False) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """Let a view be seen only by those who may.

    `shows_again`: nothing can be looked at where it is sent to, and yet it shows its form again when it is refused.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R | Response]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R | Response:
            if (elsewhere := _first(shows_again=shows_again)) is not None:
                return elsewhere
            if not officer().may(can):
                abort(403)
            return view(*args, **kwargs)

        checked.needs, checked.shows_again = can, shows_again  # type: ignore[attr-defined]
        return checked

    return mark


def signed_in(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Let a view be seen by every member of staff, whatever their role."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        return _first() or view(*args, **kwargs)

    checked.needs = None  # type: ignore[attr-defined]
    return checked


def _first(*, shows_again: bool = False) -> Response | None:
    """Where they have to go before anything else: to the sign-in, or to choose a password that only they know.

    From the sign-in they come back to this page. What they sent when their sign-in had worn out is kept, and they come
    to it; where there is nothing to keep, to the form, if it stands at the same address.
    """
    sent = request.method == "POST"
    if not current_user.is_authenticated:
        stands_here = not sent or page_above() is None
        if sent and (stands_here or shows_again) and _kept():
            return redirect(url_for("sign_in.login", next=url_for("desk.typed")))
        return redirect(url_for("sign_in.login", next=request.full_path.rstrip("?") if stands_here else None))
    if current_user.must_change_password:
        return redirect(url_for("sign_in.change_password"))
    if sent:
        after_this_request(_drop_typed)
    return None


def _drop_typed(response: Response) -> Response:
    """Only after the view: before, it has not said yet how much may be sent to it."""
    if response.status_code < 500:
        with suppress(RequestEntityTooLarge):
            typed_by_officers().drop(current_user.id, request)
    return response


def _kept() -> bool:
    """Whether what has been sent is kept for the officer whose sign-in wore out here."""
    user = last_here()
    return user is not None and user.active and typed_by_officers().keep(user.id, request)


def typed_by_officers() -> TypedKeeper:
    keeper: TypedKeeper = current_app.extensions[KEEPER]
    return keeper


def look_anew(work: Work) -> None:
    """Before a page on which the catalogue is changed: what has just been saved, here or elsewhere, is on it."""
    if current_user.is_authenticated:
        work.live.look()


def own_site(catalogue: Catalogue, code: str | None = None) -> Site:
    """The centre that is looked at: an officer's own, or for those who see all of them the one with this code.

    Aborts with 404 where it is none of theirs.
    """
    who = officer()
    if who.site_id is not None and who.role in AT_A_CENTRE:
        site = catalogue.site_by_id(who.site_id)
        if code is not None and code != site.code:
            abort(404)
        return site
    site_ = catalogue.sites.get(code or "")
    if site_ is None:
        abort(404)
    return site_
