"""The database's shape: up from nothing, down to nothing, and just what the models say."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from core.tables import metadata
from migrations import alembic_config, migrate, migrate_down
from tests.conftest import make_database
from tests.support import Database
from web.local.scratch import ScratchServers

EVERY_TABLE = {table.name for table in metadata.sorted_tables}
BOOK_KEEPING = {"alembic_version"}
APPEND_ONLY = ("events", "document_events", "consents")


@pytest.fixture(scope="module")
def database(servers: ScratchServers) -> Database:
    """Migrated, and of this module alone."""
    return make_database(servers, "migrations")


@pytest.fixture
def owner(database: Database) -> Iterator[sa.Engine]:
    engine = sa.create_engine(database.owner, poolclass=sa.pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def application(database: Database) -> Iterator[sa.Connection]:
    """The role that serves."""
    engine = sa.create_engine(database.app, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def tables(owner: sa.Engine) -> set[str]:
    return set(sa.inspect(owner).get_table_names())


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1


def test_the_migrations_make_every_table_undo_them_and_make_them_again(database: Database, owner: sa.Engine) -> None:
    assert tables(owner) == EVERY_TABLE | BOOK_KEEPING
    migrate_down(database.owner, "base")
    assert tables(owner) <= BOOK_KEEPING
    migrate(database.owner)
    assert tables(owner) == EVERY_TABLE | BOOK_KEEPING


def test_going_down_leaves_nothing_behind(database: Database, owner: sa.Engine) -> None:
    """No sequence, type or function that the next one up would stumble over."""
    migrate_down(database.owner, "base")
    left = sa.text("""
        SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'public' AND relname NOT LIKE 'alembic_version%' AND relname NOT LIKE 'pg_%'
        UNION ALL SELECT typname FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace
        WHERE nspname = 'public' AND typtype = 'e'
    """)
    try:
        with owner.connect() as connection:
            assert list(connection.scalars(left)) == []
    finally:
        migrate(database.owner)


def test_migrating_again_changes_nothing(database: Database, owner: sa.Engine) -> None:
    migrate(database.owner)
    assert tables(owner) == EVERY_TABLE | BOOK_KEEPING


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    """Alembic finds nothing that a new migration would have to do."""
    command.check(alembic_config(database.owner))


def test_the_application_makes_no_tables(application: sa.Connection) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        application.execute(sa.text("CREATE TABLE one_more (id int)"))


@pytest.mark.parametrize("statement", ["DROP TABLE people", "ALTER TABLE people ADD x int", "TRUNCATE people"])
def test_the_application_changes_no_table(application: sa.Connection, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):
        application.execute(sa.text(statement))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_has_happened_is_never_changed(application: sa.Connection, table: str, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        application.execute(sa.text(statement.format(table)))


def test_the_application_reads_and_writes_everything_else(application: sa.Connection) -> None:
    for name in sorted(EVERY_TABLE):
        application.execute(sa.text(f"SELECT FROM {name} LIMIT 0"))
        rights = sa.text("SELECT has_table_privilege(:name, 'INSERT')")
        assert application.scalar(rights, {"name": name}), name
