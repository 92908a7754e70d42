"""Staff, agencies' systems, closures that move people, days at a centre."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

NEW = (
    "hand_edits",
    "webhook_cursor",
    "api_keys",
    "phone_codes",
    "webhooks",
    "day_lists",
    "staff",
    "webhook_deliveries",
    "appointments",
)


def upgrade() -> None:
    op.create_table(
        "hand_edits",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "owner_id", "part", name=op.f("hand_edits_pkey")),
    )
    op.create_table(
        "webhook_cursor",
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("floor_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("record", name=op.f("webhook_cursor_pkey")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("api_keys_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("api_keys_pkey")),
        sa.UniqueConstraint("digest", name=op.f("api_keys_digest_key")),
    )
    op.create_index(op.f("api_keys_agency_id_idx"), "api_keys", ["agency_id"], unique=False)
    op.create_table(
        "phone_codes",
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.String(), server_default="", nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("phone_codes_contact_id_fkey")),
        sa.PrimaryKeyConstraint("contact_id", "about", name=op.f("phone_codes_pkey")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("webhooks_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("webhooks_pkey")),
    )
    op.create_index(op.f("webhooks_agency_id_idx"), "webhooks", ["agency_id"], unique=False)
    op.create_table(
        "day_lists",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("day_lists_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "day", name=op.f("day_lists_pkey")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("agency_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), server_default="en", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("fs_uniquifier", sa.String(), nullable=False),
        sa.Column("ended_sessions", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("tf_primary_method", sa.String(), nullable=True),
        sa.Column("tf_totp_secret", sa.String(), nullable=True),
        sa.Column("last_code", sa.BigInteger(), nullable=True),
        sa.Column("mf_recovery_codes", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("staff_agency_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("staff_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_pkey")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("staff_fs_uniquifier_key")),
        sa.UniqueConstraint("username", name=op.f("staff_username_key")),
    )
    op.create_index(op.f("staff_agency_id_idx"), "staff", ["agency_id"], unique=False)
    op.create_index(op.f("staff_site_id_idx"), "staff", ["site_id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("news", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("webhook_deliveries_webhook_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_deliveries_pkey")),
        sa.UniqueConstraint("webhook_id", "news", name=op.f("webhook_deliveries_webhook_id_news_key")),
    )
    op.create_index(
        "webhook_deliveries_due_idx",
        "webhook_deliveries",
        ["webhook_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "webhook_deliveries_open_idx",
        "webhook_deliveries",
        ["webhook_id", "id"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_index(
        "webhook_deliveries_over_idx",
        "webhook_deliveries",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NULL"),
    )
    op.create_table(
        "appointments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("appointments_agency_id_fkey")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("appointments_offering_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("appointments_pkey")),
        sa.UniqueConstraint("agency_id", "reference", name=op.f("appointments_agency_id_reference_key")),
    )
    op.create_index("appointments_agency_idx", "appointments", ["agency_id", "starts_at", "id"], unique=False)
    op.create_index(
        "appointments_starts_idx",
        "appointments",
        ["starts_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("appointments_window_idx", "appointments", ["offering_id", "starts_at"], unique=False)
    op.add_column("booking_history", sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "booking_history", sa.Column("priority", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("booking_history", sa.Column("reason", sa.String(), nullable=True))
    op.add_column("booking_history", sa.Column("closure_id", sa.Integer(), nullable=True))
    op.create_index(
        "booking_history_beneficiary_idx",
        "booking_history",
        ["beneficiary_id"],
        unique=False,
        postgresql_where=sa.text("beneficiary_id IS NOT NULL"),
    )
    op.create_index(
        "booking_history_day_idx",
        "booking_history",
        ["offering_id", "starts_at"],
        unique=False,
        postgresql_include=["outcome", "reason"],
    )
    op.create_index("booking_history_reference_idx", "booking_history", ["reference"], unique=False)
    op.add_column("bookings", sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bookings", sa.Column("priority", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("bookings", sa.Column("closure_id", sa.Integer(), nullable=True))
    op.create_index(
        "bookings_beneficiary_idx",
        "bookings",
        ["beneficiary_id"],
        unique=False,
        postgresql_where=sa.text("beneficiary_id IS NOT NULL"),
    )
    op.add_column("closures", sa.Column("counters", sa.Integer(), nullable=True))
    op.add_column("closures", sa.Column("who", sa.String(), nullable=True))
    op.add_column("closures", sa.Column("created_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("closures", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("closures", sa.Column("asking", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("closures", sa.Column("moved", sa.Integer(), server_default="0", nullable=False))
    op.add_column("closures", sa.Column("ended", sa.Integer(), server_default="0", nullable=False))
    op.add_column("closures", sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "closures_clearing_idx", "closures", ["id"], unique=False, postgresql_where=sa.text("cleared_at IS NULL")
    )
    # Set after it is added: a default that is computed would rewrite every row of the record.
    op.add_column("document_events", sa.Column("transaction_id", sa.BigInteger(), nullable=True))
    op.alter_column("document_events", "transaction_id", server_default=sa.text("pg_current_xact_id()::text::bigint"))
    op.create_index("document_events_transaction_idx", "document_events", ["transaction_id", "id"], unique=False)
    op.create_index(
        "documents_collected_idx",
        "documents",
        ["site_id", "stage_since"],
        unique=False,
        postgresql_where=sa.text("stage = 'collected'"),
    )
    op.create_index(
        "documents_coming_idx",
        "documents",
        ["site_id", "stage_since"],
        unique=False,
        postgresql_where=sa.text("stage IN ('sent_to_centre', 'transferred')"),
    )
    op.create_index("documents_received_idx", "documents", ["site_id", "received_at"], unique=False)
    op.create_index("documents_service_idx", "documents", ["service_id", "stage_since", "id"], unique=False)
    # Set after it is added: a default that is computed would rewrite every row of the record.
    op.add_column("events", sa.Column("transaction_id", sa.BigInteger(), nullable=True))
    op.alter_column("events", "transaction_id", server_default=sa.text("pg_current_xact_id()::text::bigint"))
    op.create_index("events_at_idx", "events", ["at", "id"], unique=False)
    op.create_index(
        "events_staff_idx", "events", ["name", "at", "id"], unique=False, postgresql_where=sa.text("who IS NOT NULL")
    )
    op.create_index("events_transaction_idx", "events", ["transaction_id", "id"], unique=False)
    op.create_index(
        "events_who_idx", "events", ["who", "at", "id"], unique=False, postgresql_where=sa.text("who IS NOT NULL")
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(NEW)} TO zamu_app")
    op.execute("UPDATE closures SET cleared_at = now()")


def downgrade() -> None:
    op.drop_index("events_who_idx", table_name="events", postgresql_where=sa.text("who IS NOT NULL"))
    op.drop_index("events_transaction_idx", table_name="events")
    op.drop_index("events_staff_idx", table_name="events", postgresql_where=sa.text("who IS NOT NULL"))
    op.drop_index("events_at_idx", table_name="events")
    op.drop_column("events", "transaction_id")
    op.drop_index("documents_service_idx", table_name="documents")
    op.drop_index("documents_received_idx", table_name="documents")
    op.drop_index(
        "documents_coming_idx",
        table_name="documents",
        postgresql_where=sa.text("stage IN ('sent_to_centre', 'transferred')"),
    )
    op.drop_index("documents_collected_idx", table_name="documents", postgresql_where=sa.text("stage = 'collected'"))
    op.drop_index("document_events_transaction_idx", table_name="document_events")
    op.drop_column("document_events", "transaction_id")
    op.drop_index("closures_clearing_idx", table_name="closures", postgresql_where=sa.text("cleared_at IS NULL"))
    op.drop_column("closures", "cleared_at")
    op.drop_column("closures", "ended")
    op.drop_column("closures", "moved")
    op.drop_column("closures", "asking")
    op.drop_column("closures", "lifted_at")
    op.drop_column("closures", "created_at")
    op.drop_column("closures", "who")
    op.drop_column("closures", "counters")
    op.drop_index(
        "bookings_beneficiary_idx", table_name="bookings", postgresql_where=sa.text("beneficiary_id IS NOT NULL")
    )
    op.drop_column("bookings", "closure_id")
    op.drop_column("bookings", "priority")
    op.drop_column("bookings", "came_at")
    op.drop_index("booking_history_reference_idx", table_name="booking_history")
    op.drop_index("booking_history_day_idx", table_name="booking_history")
    op.drop_index(
        "booking_history_beneficiary_idx",
        table_name="booking_history",
        postgresql_where=sa.text("beneficiary_id IS NOT NULL"),
    )
    op.drop_column("booking_history", "closure_id")
    op.drop_column("booking_history", "reason")
    op.drop_column("booking_history", "priority")
    op.drop_column("booking_history", "came_at")
    op.drop_index("appointments_window_idx", table_name="appointments")
    op.drop_index("appointments_starts_idx", table_name="appointments", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("appointments_agency_idx", table_name="appointments")
    op.drop_table("appointments")
    op.drop_index(
        "webhook_deliveries_over_idx", table_name="webhook_deliveries", postgresql_where=sa.text("next_at IS NULL")
    )
    op.drop_index(
        "webhook_deliveries_open_idx", table_name="webhook_deliveries", postgresql_where=sa.text("delivered_at IS NULL")
    )
    op.drop_index(
        "webhook_deliveries_due_idx", table_name="webhook_deliveries", postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.drop_table("webhook_deliveries")
    op.drop_index(op.f("staff_site_id_idx"), table_name="staff")
    op.drop_index(op.f("staff_agency_id_idx"), table_name="staff")
    op.drop_table("staff")
    op.drop_table("day_lists")
    op.drop_index(op.f("webhooks_agency_id_idx"), table_name="webhooks")
    op.drop_table("webhooks")
    op.drop_table("phone_codes")
    op.drop_index(op.f("api_keys_agency_id_idx"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("webhook_cursor")
    op.drop_table("hand_edits")
