"""The portal: what citizens do in a browser, without an account. Each module is one journey."""

from flask import Blueprint

from web.portal import booking, centres, confirming, holding, home, own_booking, services, slip, tracking, waiting
from web.work import Work


def blueprints(work: Work) -> list[Blueprint]:
    return [
        home.create_blueprint(work),
        services.create_blueprint(work),
        centres.create_blueprint(work),
        tracking.create_blueprint(work),
        booking.create_blueprint(work),
        holding.create_blueprint(work),
        confirming.create_blueprint(work),
        own_booking.create_blueprint(work),
        waiting.create_blueprint(work),
        slip.create_blueprint(work),
    ]
