"""Run by Alembic: one transaction for all steps, so that a failing one leaves the database as it was."""

import sqlalchemy as sa
from alembic import context

from core.tables import metadata

engine = sa.create_engine(context.config.attributes["url"], poolclass=sa.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        # Two starters at once would both create tables: the second waits here.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(1919)"))
        context.run_migrations()
