"""The desk: what staff do in a browser. Each module is one part of the work, with a blueprint of its own."""

from flask import Blueprint

from web.work import Work


def blueprints(work: Work) -> list[Blueprint]:
    """In the order of the menu."""
    return []
