"""The first shape: everything that is dear to add later."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

APPEND_ONLY = ("events", "document_events", "consents")
"""What has happened is never rewritten, not even by the application."""

APPLICATION_ROLE_MISSING = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zamu_app') THEN
        RAISE EXCEPTION 'The role zamu_app does not exist. Create it first: CREATE ROLE zamu_app LOGIN PASSWORD ...';
    END IF;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "agencies",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agencies_pkey")),
        sa.UniqueConstraint("code", name=op.f("agencies_code_key")),
    )
    op.create_table(
        "areas",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["areas.id"], name=op.f("areas_parent_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("areas_pkey")),
        sa.UniqueConstraint("code", name=op.f("areas_code_key")),
    )
    op.create_table(
        "booking_history",
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary_id", sa.BigInteger(), nullable=True),
        sa.Column("beneficiary_no", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ended_on", "id", name=op.f("booking_history_pkey")),
    )
    op.create_index(op.f("booking_history_contact_id_idx"), "booking_history", ["contact_id"], unique=False)
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("catalogue_version_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("catalogue_version_pkey")),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("categories_pkey")),
        sa.UniqueConstraint("code", name=op.f("categories_code_key")),
    )
    op.create_table(
        "clock_runs",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("clock_runs_pkey")),
    )
    op.create_table(
        "delivery_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("gateway_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("network", sa.String(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_reports_pkey")),
        sa.UniqueConstraint(
            "gateway", "gateway_id", "status", name=op.f("delivery_reports_gateway_gateway_id_status_key")
        ),
    )
    op.create_index(
        "delivery_reports_unmatched_idx",
        "delivery_reports",
        ["phone_index", "at"],
        unique=False,
        postgresql_where=sa.text("message_id IS NULL"),
    )
    op.create_table(
        "holiday_overrides",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("holiday_overrides_pkey")),
    )
    op.create_table(
        "lane_states",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("lane_states_pkey")),
    )
    op.create_table(
        "lookup_attempts",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("window", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "window", name=op.f("lookup_attempts_pkey")),
    )
    op.create_table(
        "names",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("short", sa.String(), nullable=False),
        sa.Column("full", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "owner_id", "language", name=op.f("names_pkey")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("identity_index", sa.LargeBinary(), nullable=True),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phone_index IS NULL) <> (identity_index IS NULL)", name=op.f("people_phone_or_identity_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("people_pkey")),
        sa.UniqueConstraint("identity_index", name=op.f("people_identity_index_key")),
        sa.UniqueConstraint("phone_index", name=op.f("people_phone_index_key")),
    )
    op.create_table(
        "requests",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("requests_pkey")),
    )
    op.create_index(op.f("requests_at_idx"), "requests", ["at"], unique=False)
    op.create_table(
        "ussd_endings",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("hops", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("cost_kes", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "session_id", name=op.f("ussd_endings_pkey")),
    )
    op.create_table(
        "windows",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name=op.f("windows_taken_check")),
        sa.CheckConstraint("wanted >= 0 AND capacity >= wanted", name=op.f("windows_capacity_check")),
        sa.PrimaryKeyConstraint("kind", "owner_id", "starts_at", name=op.f("windows_pkey")),
    )
    op.create_index(
        "windows_full_idx",
        "windows",
        ["kind", "owner_id", "starts_at"],
        unique=False,
        postgresql_where=sa.text("taken >= capacity"),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("consents_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("consents_pkey")),
    )
    op.create_index(op.f("consents_person_id_idx"), "consents", ["person_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("events_actor_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("events_pkey")),
    )
    op.create_index("events_subject_idx", "events", ["subject", "id"], unique=False)
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("gateway_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("inbound_messages_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("inbound_messages_pkey")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("inbound_messages_gateway_gateway_id_key")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gateway", sa.String(), nullable=True),
        sa.Column("gateway_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("cost_kes", sa.Numeric(precision=10, scale=4), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("messages_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("messages_pkey")),
        sa.UniqueConstraint("gateway", "gateway_id", name=op.f("messages_gateway_gateway_id_key")),
    )
    op.create_index(
        "messages_open_idx",
        "messages",
        ["status", "status_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('sending', 'unknown')"),
    )
    op.create_index(
        "messages_pending_idx",
        "messages",
        ["lane", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(op.f("messages_person_id_idx"), "messages", ["person_id"], unique=False)
    op.create_table(
        "services",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("appointment", sa.String(), nullable=False),
        sa.Column("elsewhere", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("common_rank", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("services_agency_id_fkey")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("services_category_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("services_pkey")),
        sa.UniqueConstraint("code", name=op.f("services_code_key")),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default="centre", nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("town", sa.String(), nullable=False),
        sa.Column("town_trust", sa.String(), nullable=False),
        sa.Column("town_rank", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_trust", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("window_minutes", sa.Integer(), server_default="30", nullable=False),
        sa.Column("window_cap", sa.Integer(), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("sites_area_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sites_pkey")),
        sa.UniqueConstraint("code", name=op.f("sites_code_key")),
    )
    op.create_index(op.f("sites_area_id_idx"), "sites", ["area_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tracking_number", sa.String(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("proof_index", sa.LargeBinary(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("documents_contact_id_fkey")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("documents_owner_id_fkey")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("documents_service_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("documents_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("documents_pkey")),
        sa.UniqueConstraint("tracking_number", name=op.f("documents_tracking_number_key")),
    )
    op.create_index("documents_contact_idx", "documents", ["contact_id", "stage_since"], unique=False)
    op.create_table(
        "fees",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("amount_kes", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fees_service_id_fkey")),
        sa.PrimaryKeyConstraint("service_id", "valid_from", name=op.f("fees_pkey")),
    )
    op.create_table(
        "offerings",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("counters", sa.Integer(), server_default="1", nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("daily_quota", sa.Integer(), nullable=True),
        sa.Column("lead_minutes", sa.Integer(), server_default="60", nullable=False),
        sa.Column("horizon_days", sa.Integer(), server_default="30", nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("offerings_service_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("offerings_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("offerings_pkey")),
        sa.UniqueConstraint("service_id", "site_id", name=op.f("offerings_service_id_site_id_key")),
    )
    op.create_index(op.f("offerings_site_id_idx"), "offerings", ["site_id"], unique=False)
    op.create_table(
        "requirements",
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("requirements_service_id_fkey")),
        sa.PrimaryKeyConstraint("service_id", "language", "position", name=op.f("requirements_pkey")),
    )
    op.create_table(
        "site_hours",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("site_hours_site_id_fkey")),
        sa.PrimaryKeyConstraint("site_id", "weekday", "valid_from", name=op.f("site_hours_pkey")),
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("beneficiary_id", sa.BigInteger(), nullable=True),
        sa.Column("beneficiary_no", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(beneficiary_id IS NULL) <> (beneficiary_no IS NULL)", name=op.f("bookings_beneficiary_check")
        ),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["people.id"], name=op.f("bookings_beneficiary_id_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("bookings_contact_id_fkey")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("bookings_offering_id_fkey")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("bookings_service_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bookings_pkey")),
        sa.UniqueConstraint("reference", name=op.f("bookings_reference_key")),
        sa.UniqueConstraint("service_id", "beneficiary_id", name=op.f("bookings_service_id_beneficiary_id_key")),
        sa.UniqueConstraint(
            "service_id", "contact_id", "beneficiary_no", name=op.f("bookings_service_id_contact_id_beneficiary_no_key")
        ),
    )
    op.create_index(op.f("bookings_contact_id_idx"), "bookings", ["contact_id"], unique=False)
    op.create_index("bookings_window_idx", "bookings", ["offering_id", "starts_at"], unique=False)
    op.create_table(
        "closures",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("closures_order_check")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("closures_offering_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("closures_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("closures_pkey")),
    )
    op.create_index(op.f("closures_site_id_idx"), "closures", ["site_id"], unique=False)
    op.create_table(
        "document_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("document_events_document_id_fkey")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("document_events_site_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("document_events_pkey")),
    )
    op.create_index(op.f("document_events_document_id_idx"), "document_events", ["document_id"], unique=False)
    op.create_table(
        "holds",
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("holds_contact_id_fkey")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("holds_offering_id_fkey")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("holds_pkey")),
    )
    op.create_index(op.f("holds_expires_at_idx"), "holds", ["expires_at"], unique=False)
    op.create_index("holds_window_idx", "holds", ["offering_id", "starts_at"], unique=False)
    op.create_table(
        "offering_hours",
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("trust", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("offering_hours_offering_id_fkey")),
        sa.PrimaryKeyConstraint("offering_id", "weekday", "valid_from", name=op.f("offering_hours_pkey")),
    )
    op.execute(APPLICATION_ROLE_MISSING)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zamu_app")
    op.execute(f"REVOKE UPDATE, DELETE ON {', '.join(APPEND_ONLY)} FROM zamu_app")
    op.execute("REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM zamu_app")


def downgrade() -> None:
    op.drop_table("offering_hours")
    op.drop_index("holds_window_idx", table_name="holds")
    op.drop_index(op.f("holds_expires_at_idx"), table_name="holds")
    op.drop_table("holds")
    op.drop_index(op.f("document_events_document_id_idx"), table_name="document_events")
    op.drop_table("document_events")
    op.drop_index(op.f("closures_site_id_idx"), table_name="closures")
    op.drop_table("closures")
    op.drop_index("bookings_window_idx", table_name="bookings")
    op.drop_index(op.f("bookings_contact_id_idx"), table_name="bookings")
    op.drop_table("bookings")
    op.drop_table("site_hours")
    op.drop_table("requirements")
    op.drop_index(op.f("offerings_site_id_idx"), table_name="offerings")
    op.drop_table("offerings")
    op.drop_table("fees")
    op.drop_index("documents_contact_idx", table_name="documents")
    op.drop_table("documents")
    op.drop_index(op.f("sites_area_id_idx"), table_name="sites")
    op.drop_table("sites")
    op.drop_table("services")
    op.drop_index(op.f("messages_person_id_idx"), table_name="messages")
    op.drop_index("messages_pending_idx", table_name="messages", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index(
        "messages_open_idx", table_name="messages", postgresql_where=sa.text("status IN ('sending', 'unknown')")
    )
    op.drop_table("messages")
    op.drop_table("inbound_messages")
    op.drop_index("events_subject_idx", table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("consents_person_id_idx"), table_name="consents")
    op.drop_table("consents")
    op.drop_index("windows_full_idx", table_name="windows", postgresql_where=sa.text("taken >= capacity"))
    op.drop_table("windows")
    op.drop_table("ussd_endings")
    op.drop_index(op.f("requests_at_idx"), table_name="requests")
    op.drop_table("requests")
    op.drop_table("people")
    op.drop_table("names")
    op.drop_table("lookup_attempts")
    op.drop_table("lane_states")
    op.drop_table("holiday_overrides")
    op.drop_index(
        "delivery_reports_unmatched_idx", table_name="delivery_reports", postgresql_where=sa.text("message_id IS NULL")
    )
    op.drop_table("delivery_reports")
    op.drop_table("clock_runs")
    op.drop_table("categories")
    op.drop_table("catalogue_version")
    op.drop_index(op.f("booking_history_contact_id_idx"), table_name="booking_history")
    op.drop_table("booking_history")
    op.drop_table("areas")
    op.drop_table("agencies")
