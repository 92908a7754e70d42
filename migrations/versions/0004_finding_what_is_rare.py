"""What is rare is found in the record and among the dead messages without reading all of a month."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index("events_name_idx", "events", ["name", "at", "id"], unique=False)
    op.create_index(
        "messages_error_idx",
        "messages",
        ["error", "status_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('failed', 'expired', 'withheld') AND error IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("messages_error_idx", table_name="messages")
    op.drop_index("events_name_idx", table_name="events")
