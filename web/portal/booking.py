"""Which service, where, when: one question a page, each with an address of its own."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.booking import queries
from core.catalogue import search, telling
from core.catalogue.snapshot import Offering
from web import choosing
from web.choosing import Times
from web.pages.forms import OnceForm
from web.portal import holding
from web.portal.proving import proven
from web.portal.wanted import Wanted, moving, moving_to, service_or_404, where
from web.portal.words import speaks
from web.work import Work

Page = str | Response


def create_blueprint(work: Work) -> Blueprint:
    blueprint = speaks(Blueprint("booking", __name__, url_prefix="/book"))

    @blueprint.get("")
    def start() -> Page:
        """Which service?"""
        typed = request.args.get("q", "").strip()[:60]
        found = choosing.find_services(work.catalogue, typed) if typed else []
        common = choosing.common_services(work.catalogue)
        return render_template("portal/book_service.html", common=common, typed=typed, found=found)

    @blueprint.get("/services")
    def services() -> Page:
        return render_template("portal/book_services.html", kinds=choosing.services_by_category(work.catalogue))

    @blueprint.get("/<service>")
    def place(service: str) -> Page:
        """Where?"""
        chosen = service_or_404(work.catalogue, service)
        if not work.catalogue.offerings_of(service):
            how = telling.how_line(chosen, bookable=False)
            return render_template("portal/book_not_open.html", service=chosen, how=how)
        typed = request.args.get("q", "").strip()[:60]
        found = choosing.find_places(work.catalogue, typed) if typed else []
        if len(found) == 1:
            return redirect(url_for("booking.centres", service=service, place=found[0].name, **moving_to(moving())))
        return render_template(
            "portal/book_place.html",
            service=chosen,
            towns=search.common_towns(work.catalogue),
            typed=typed,
            found=found,
            going=moving_to(moving()),
        )

    @blueprint.get("/<service>/counties")
    def counties(service: str) -> Page:
        chosen = service_or_404(work.catalogue, service)
        found = search.counties(work.catalogue)
        return render_template("portal/book_counties.html", service=chosen, counties=found, going=moving_to(moving()))

    @blueprint.get("/<service>/centres")
    def centres(service: str) -> Page:
        """Which centre? Each with its first free day; a single one needs no asking."""
        chosen, going = service_or_404(work.catalogue, service), moving_to(moving())
        named = choosing.place_named(work.catalogue, request.args.get("place", ""))
        if named is None or not work.catalogue.offerings_of(service):
            return redirect(url_for("booking.place", service=service, **going))
        with work.reading() as db:
            now = work.now()
            here = choosing.centres_at(db, work.catalogue, chosen, named, now=now)
            near = [] if here else choosing.nearest(db, work.catalogue, chosen, named, now=now)
        if len(here) == 1:
            return redirect(url_for("booking.times", **where(here[0].offering), **going))
        return render_template(
            "portal/book_centres.html", service=chosen, place=named, inside=here, near=near, going=going
        )

    @blueprint.route("/<service>/<site>", methods=["GET", "POST"])
    def times(service: str, site: str) -> Page:
        """When? The best times. Every page of times posts here the one that is chosen."""
        offering = _offering(work, service, site)
        if offering is None:
            return redirect(url_for("booking.place", service=service, said="not-here", **moving_to(moving())))
        form = OnceForm()
        starts_at = choosing.moment_of(request.form.get("at", ""))
        if form.validate_on_submit() and starts_at is not None:
            return holding.take(work, form, Wanted(offering, starts_at, None, moving()))
        return render_template(
            "portal/book_times.html",
            offering=offering,
            times=_times(work, offering),
            form=form,
            chosen=starts_at,
            at=where(offering) | moving_to(moving()),
            going=moving_to(moving()),
        )

    @blueprint.get("/<service>/<site>/days")
    def days(service: str, site: str) -> Page:
        offering = _offering(work, service, site)
        if offering is None:
            return redirect(url_for("booking.place", service=service, said="not-here", **moving_to(moving())))
        with work.reading() as db:
            free = choosing.days(db, work.catalogue, offering, now=work.now())
        at = where(offering) | moving_to(moving())
        return render_template("portal/book_days.html", offering=offering, days=free, at=at)

    @blueprint.get("/<service>/<site>/days/<day>")
    def day(service: str, site: str, day: str) -> Page:
        offering, chosen = _offering(work, service, site), choosing.day_of(day)
        if chosen is None:
            abort(404)
        if offering is None:
            return redirect(url_for("booking.place", service=service, said="not-here", **moving_to(moving())))
        with work.reading() as db:
            free = choosing.times_on(db, work.catalogue, offering, chosen, now=work.now())
        if not free:
            return redirect(url_for("booking.days", **where(offering), said="day-full", **moving_to(moving())))
        return render_template(
            "portal/book_day.html",
            offering=offering,
            day=chosen,
            times=free,
            form=OnceForm(),
            at=where(offering) | moving_to(moving()),
        )

    return blueprint


def _offering(work: Work, service: str, site: str) -> Offering | None:
    """None if the centre takes no bookings for the service now."""
    if service not in work.catalogue.services or site not in work.catalogue.sites:
        abort(404)
    return work.catalogue.offering(service, site)


def _times(work: Work, offering: Offering) -> Times:
    contact_id = proven(work.now())
    with work.reading() as db:
        booking = queries.booking_of(db, moving(), contact_id) if moving() and contact_id else None
        booked = booking.starts_at if booking and booking.offering_id == offering.id else None
        return choosing.times(db, work.catalogue, offering, now=work.now(), booked=booked)
