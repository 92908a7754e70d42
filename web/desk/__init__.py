"""The desk: what staff do in a browser. A folder for each part of the work, a blueprint for each module of pages.

On top is what all parts use: who is signed in and what they may see (`access`, `reach`), forms (`asking`), what is
kept for an officer (`kept`), and the parts that are one page.
"""

from flask import Blueprint

from core.staff.roles import Can
from core.wording import N_
from web.desk import audit, figures, home, keys, staff
from web.desk.campaigns import campaigns
from web.desk.catalogue import catalogue, offerings
from web.desk.closing import capacity, closures
from web.desk.documents import collection, document, intake, scanning, shelf
from web.desk.messages import lanes, messages
from web.desk.signing import sign_in
from web.desk.visits import (
    another_phone,
    booking_for,
    citizens,
    day_list,
    paper,
    sent_by_agency,
    today,
    turned_away,
    visit,
)
from web.work import Work

MENU: tuple[tuple[str, str, Can], ...] = (
    ("today.today", N_("Today"), Can.SEE_DAY),
    ("citizens.find", N_("Find a citizen"), Can.BOOK_FOR),
    ("documents.documents", N_("Documents"), Can.SEE_DOCUMENTS),
    ("intake.intake", N_("Take in a file"), Can.TAKE_IN),
    ("closures.list_closures", N_("Closures"), Can.CLOSE),
    ("capacity.capacity", N_("Capacity"), Can.CAPACITY),
    ("campaigns.campaigns", N_("Campaigns"), Can.SEE_CAMPAIGNS),
    ("catalogue.catalogue", N_("Catalogue"), Can.CATALOGUE),
    ("offerings.offerings", N_("What is given where"), Can.CAPACITY),
    ("figures.figures", N_("Figures"), Can.FIGURES),
    ("messages.find", N_("Messages"), Can.SEE_MESSAGES),
    ("keys.list_keys", N_("Keys"), Can.KEYS),
    ("staff.colleagues", N_("Staff"), Can.STAFF),
    ("audit.search", N_("Audit"), Can.AUDIT),
)
"""The menu of every page: endpoint, what it is called, and who may. It shows each officer what is theirs."""


def blueprints(work: Work) -> list[Blueprint]:
    """In the order of the menu."""
    return [
        sign_in.create_blueprint(work),
        home.create_blueprint(work),
        today.create_blueprint(work),
        visit.create_blueprint(work),
        turned_away.create_blueprint(work),
        sent_by_agency.create_blueprint(work),
        day_list.create_blueprint(work),
        paper.create_blueprint(work),
        citizens.create_blueprint(work),
        booking_for.create_blueprint(work),
        another_phone.create_blueprint(work),
        scanning.create_blueprint(work),
        document.create_blueprint(work),
        collection.create_blueprint(work),
        shelf.create_blueprint(work),
        intake.create_blueprint(work),
        closures.create_blueprint(work),
        capacity.create_blueprint(work),
        campaigns.create_blueprint(work),
        lanes.create_blueprint(work),
        catalogue.create_blueprint(work),
        offerings.create_blueprint(work),
        figures.create_blueprint(work),
        messages.create_blueprint(work),
        keys.create_blueprint(work),
        staff.create_blueprint(work),
        audit.create_blueprint(work),
    ]
