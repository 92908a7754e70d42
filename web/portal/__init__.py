"""The portal: what citizens do in a browser, without an account. Each module is one journey."""

from flask import Blueprint

from web.portal import centres, home, services, tracking
from web.work import Work


def blueprints(work: Work) -> list[Blueprint]:
    return [
        home.create_blueprint(work),
        services.create_blueprint(work),
        centres.create_blueprint(work),
        tracking.create_blueprint(work),
    ]
