"""What a citizen may be told: verified values as facts, sourced ones as reported, estimates not at all."""

from datetime import date, datetime, time
from itertools import groupby

from core.catalogue.snapshot import Catalogue, Period, Service, Site
from core.catalogue.tables import Trust
from core.clock import local
from core.wording import dates, language
from core.wording import gettext as _


def how_line(service: Service, *, bookable: bool) -> str:
    """Whether one books, walks in, or goes elsewhere; `bookable` is whether any centre takes bookings for it now."""
    if service.elsewhere:
        return _("Not done at Huduma Centres. Ask at the office of {agency}.").format(agency=service.agency.spoken)
    if service.appointment == "walk_in":
        return _("No booking needed: walk in.")
    if not bookable:
        return _("Booking is not open yet: walk in.")
    if service.appointment == "optional":
        return _("Book, or walk in.")
    return _("Book a visit first.")


def fee_line(service: Service, day: date) -> str:
    """What the service costs on that day, in the language being spoken: one short sentence without a full stop."""
    fee = service.fee_on(day)
    if fee is None or fee.amount_kes is None or fee.trust is Trust.ESTIMATE:
        return _("Fee: ask at the centre")
    if fee.trust is Trust.VERIFIED:
        return _("Fee KES {amount}").format(amount=f"{fee.amount_kes:,}") if fee.amount_kes else _("No fee")
    if fee.amount_kes:
        return _("Fee KES {amount} (not confirmed)").format(amount=f"{fee.amount_kes:,}")
    return _("Free (not confirmed)")


def verified_fee_line(service: Service, day: date) -> str:
    """The same where somebody decides by it: only what has been verified."""
    fee = service.fee_on(day)
    if fee is None or fee.trust is not Trust.VERIFIED:
        return _("Fee: ask at the centre")
    return fee_line(service, day)


def bring_list(service: Service) -> tuple[str, ...] | None:
    """What to bring, in order, in the language being spoken; None where nobody knows (ask at the centre)."""
    if service.requirements_trust is Trust.ESTIMATE:
        return None
    return service.requirements.get(language()) or service.requirements.get("en")


def address_line(site: Site) -> str | None:
    """Where the centre is; at least its town; None where both are guesses."""
    if site.address and site.address_trust is Trust.VERIFIED:
        return _with_town(site)
    if site.address and site.address_trust is Trust.SOURCED:
        return _("{address} (not confirmed)").format(address=_with_town(site))
    if site.town_trust is Trust.VERIFIED:
        return site.town
    if site.town_trust is Trust.SOURCED:
        return _("{town} (not confirmed)").format(town=site.town)
    return None


def open_now(site: Site, now: datetime, catalogue: Catalogue) -> bool | None:
    """Whether the centre should be open at this moment; None where its hours are a guess."""
    here = local(now)
    day = here.date()
    if not _standing(site, day) or day in catalogue.closed_days:
        return False
    if any(shut.starts_at <= now < shut.ends_at for shut in site.closures):
        return False
    if any(period.trust is Trust.ESTIMATE for period in site.hours) or not site.hours:
        return None
    return any(p.holds_on(day) and p.opens <= here.time() < p.closes for p in site.hours)


def hours_line(site: Site, day: date) -> str | None:
    """The week's hours as they hold on that day, such as "Mon-Fri 8:00am-5:00pm"; None where they are a guess."""
    week = sorted(
        (p for p in site.hours if p.valid_from <= day and (p.valid_until is None or day <= p.valid_until)),
        key=lambda p: (p.weekday, p.opens),
    )
    if not week or any(period.trust is Trust.ESTIMATE for period in week):
        return None
    told = ", ".join(f"{_days(days)} {hours}" for hours, days in _runs(week))
    if all(period.trust is Trust.VERIFIED for period in week):
        return told
    return _("Hours (not confirmed): {hours}").format(hours=told)


def _with_town(site: Site) -> str:
    """The address, and its town where that is known and not in it."""
    if site.town_trust is Trust.ESTIMATE or site.town in site.address:
        return site.address
    return f"{site.address}, {site.town}"


def _standing(site: Site, day: date) -> bool:
    """An outreach stands for some days only."""
    return (site.opens_on is None or site.opens_on <= day) and (site.closes_on is None or day <= site.closes_on)


def _runs(week: list[Period]) -> list[tuple[str, list[int]]]:
    """Days in a row with the same hours: [("8:00am-5:00pm", [0, 1, 2, 3, 4])]."""
    by_day = [
        (weekday, " ".join(f"{_clock(p.opens)}-{_clock(p.closes)}" for p in periods))
        for weekday, periods in ((d, list(ps)) for d, ps in groupby(week, key=lambda p: p.weekday))
    ]
    runs: list[tuple[str, list[int]]] = []
    for weekday, hours in by_day:
        if runs and runs[-1][0] == hours and runs[-1][1][-1] == weekday - 1:
            runs[-1][1].append(weekday)
        else:
            runs.append((hours, [weekday]))
    return runs


def _clock(when: time) -> str:
    return dates.hours(when.hour, when.minute)


def _days(weekdays: list[int]) -> str:
    first, last = dates.weekday(weekdays[0]), dates.weekday(weekdays[-1])
    return first if first == last else f"{first}-{last}"
