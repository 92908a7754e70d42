"""The database's shape, step by step: numbered, one head, each step reversible."""

from pathlib import Path

from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent


def alembic_config(owner_url: str) -> Config:
    """Alembic's configuration for the role that owns the tables."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["url"] = owner_url
    return config


def migrate(owner_url: str, revision: str = "head") -> None:
    """Bring the database up to a revision; nothing happens where it is there already."""
    command.upgrade(alembic_config(owner_url), revision)


def migrate_down(owner_url: str, revision: str) -> None:
    """Take the database back to a revision; `base` leaves it empty."""
    command.downgrade(alembic_config(owner_url), revision)
