"""A town whose catalogue tests may change: put back as it was when the module is over."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from core.settings import Settings
from core.tables import metadata
from tests.conftest import CATALOGUE_TABLES
from tests.support import Clock, Database
from web.app import create_app

TABLES = [table.name for table in metadata.sorted_tables if table.name in CATALOGUE_TABLES]


@pytest.fixture(scope="module")
def edited_app(town_database: Database, _town_settings: Settings, _hands) -> Iterator[Flask]:
    """An application of its own: the one of all other tests never sees the changes."""
    owner = sa.create_engine(town_database.owner, poolclass=sa.pool.NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA kept")
        for name in TABLES:
            connection.exec_driver_sql(f"CREATE TABLE kept.{name} AS TABLE public.{name}")
    app = create_app(_town_settings, now=_hands)
    yield app
    app.extensions["engine"].dispose()
    with owner.begin() as connection:
        version = connection.scalar(sa.text("SELECT version FROM catalogue_version"))
        connection.exec_driver_sql(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        for name in TABLES:
            columns = ", ".join(f'"{column.name}"' for column in metadata.tables[name].columns)
            connection.exec_driver_sql(
                f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM kept.{name}"
            )
        connection.execute(sa.text("UPDATE catalogue_version SET version = :version"), {"version": version + 1})
        connection.exec_driver_sql("DROP SCHEMA kept CASCADE")
    owner.dispose()


@pytest.fixture
def app(town: Database, edited_app: Flask, _hands, clock: Clock) -> Flask:
    """In place of the application that all tests share."""
    _hands.clock = clock
    return edited_app
