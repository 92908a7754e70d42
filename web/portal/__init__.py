"""The portal: what citizens do in a browser, without an account. Each module is one journey."""

from flask import Blueprint

from web.work import Work


def blueprints(work: Work) -> list[Blueprint]:
    return []
