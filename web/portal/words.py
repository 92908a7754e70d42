"""What the templates of booking say dates and numbers with."""

from typing import Any

from flask import Blueprint

from core.references import grouped
from core.wording import dates
from web.choosing import stamp


def speaks(blueprint: Blueprint) -> Blueprint:
    """Let the templates of this blueprint say dates and numbers."""

    @blueprint.context_processor
    def words() -> dict[str, Any]:
        return {"dates": dates, "grouped": grouped, "stamp": stamp}

    return blueprint
