"""The desk: what staff do in a browser. Each module is one part of the work, with a blueprint of its own."""

from flask import Blueprint

from core.staff.roles import Can
from core.wording import N_
from web.desk import campaigns, home, lanes, sign_in
from web.work import Work

MENU: tuple[tuple[str, str, Can], ...] = (("campaigns.campaigns", N_("Campaigns"), Can.SEE_CAMPAIGNS),)
"""The menu of every page: endpoint, what it is called, and who may. It shows each officer what is theirs."""


def blueprints(work: Work) -> list[Blueprint]:
    """In the order of the menu."""
    return [
        sign_in.create_blueprint(work),
        home.create_blueprint(work),
        campaigns.create_blueprint(work),
        lanes.create_blueprint(work),
    ]
