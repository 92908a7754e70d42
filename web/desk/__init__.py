"""The desk: what staff do in a browser. Each module is one part of the work, with a blueprint of its own."""

from flask import Blueprint

from core.staff.roles import Can
from core.wording import N_
from web.desk import campaigns, collection, document, documents, home, intake, lanes, messages, shelf, sign_in
from web.work import Work

MENU: tuple[tuple[str, str, Can], ...] = (
    ("documents.documents", N_("Documents"), Can.SEE_DOCUMENTS),
    ("intake.intake", N_("Take in a file"), Can.TAKE_IN),
    ("campaigns.campaigns", N_("Campaigns"), Can.SEE_CAMPAIGNS),
    ("messages.find", N_("Messages"), Can.SEE_MESSAGES),
)
"""The menu of every page: endpoint, what it is called, and who may. It shows each officer what is theirs."""


def blueprints(work: Work) -> list[Blueprint]:
    """In the order of the menu."""
    return [
        sign_in.create_blueprint(work),
        home.create_blueprint(work),
        documents.create_blueprint(work),
        document.create_blueprint(work),
        collection.create_blueprint(work),
        shelf.create_blueprint(work),
        intake.create_blueprint(work),
        campaigns.create_blueprint(work),
        lanes.create_blueprint(work),
        messages.create_blueprint(work),
    ]
