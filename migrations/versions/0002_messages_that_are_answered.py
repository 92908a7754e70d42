"""Documents told in bulk, messages that can be answered, the waitlist, money."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

NEW = (
    "balances",
    "callbacks_seen",
    "campaigns",
    "intake_files",
    "spending",
    "questions",
    "waitlist_entries",
    "collection_consents",
    "notices",
    "waitlist_offers",
)


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kes", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "at", name=op.f("balances_pkey")),
    )
    op.create_table(
        "callbacks_seen",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("callbacks_seen_pkey")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("criteria", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), server_default="draft", nullable=False),
        sa.Column("paused_from", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("recipients", sa.Integer(), server_default="0", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("written", sa.Integer(), server_default="0", nullable=False),
        sa.Column("left_out", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["corrects_id"], ["campaigns.id"], name=op.f("campaigns_corrects_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("campaigns_pkey")),
    )
    op.create_table(
        "intake_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("intake_files_pkey")),
        sa.UniqueConstraint("digest", "stage", name=op.f("intake_files_digest_stage_key")),
    )
    op.create_table(
        "spending",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("segments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost_kes", sa.Numeric(precision=12, scale=4), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", "what", name=op.f("spending_pkey")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("questions_message_id_fkey")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("questions_person_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("questions_pkey")),
    )
    op.create_index("questions_person_idx", "questions", ["person_id", "id"], unique=False)
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("site_ids", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("beneficiary_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("silences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["people.id"], name=op.f("waitlist_entries_beneficiary_id_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("waitlist_entries_contact_id_fkey")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("waitlist_entries_service_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("waitlist_entries_pkey")),
    )
    op.create_index(op.f("waitlist_entries_contact_id_idx"), "waitlist_entries", ["contact_id"], unique=False)
    op.create_index(
        "waitlist_entries_one_key",
        "waitlist_entries",
        [
            "contact_id",
            "service_id",
            sa.literal_column("coalesce(beneficiary_id, 0)"),
            sa.literal_column("coalesce(booking_id, 0)"),
        ],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "waitlist_entries_waiting_idx",
        "waitlist_entries",
        ["service_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "collection_consents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("collector_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["collector_id"], ["people.id"], name=op.f("collection_consents_collector_id_fkey")),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("collection_consents_document_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("collection_consents_pkey")),
    )
    op.create_index(op.f("collection_consents_document_id_idx"), "collection_consents", ["document_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("arrival", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("notices_document_id_fkey")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("notices_message_id_fkey")),
        sa.PrimaryKeyConstraint("document_id", "arrival", name=op.f("notices_pkey")),
        sa.UniqueConstraint("message_id", name=op.f("notices_message_id_key")),
    )
    op.create_table(
        "waitlist_offers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["waitlist_entries.id"], name=op.f("waitlist_offers_entry_id_fkey")),
        sa.ForeignKeyConstraint(["offering_id"], ["offerings.id"], name=op.f("waitlist_offers_offering_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("waitlist_offers_pkey")),
    )
    op.create_index("waitlist_offers_entry_idx", "waitlist_offers", ["entry_id"], unique=False)
    op.create_index(
        "waitlist_offers_expiry_idx",
        "waitlist_offers",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index(
        "waitlist_offers_open_key",
        "waitlist_offers",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.add_column("bookings", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("bookings_starts_idx", "bookings", ["starts_at"], unique=False)
    op.add_column("document_events", sa.Column("channel", sa.String(), nullable=True))
    op.add_column("document_events", sa.Column("actor_id", sa.BigInteger(), nullable=True))
    op.add_column("document_events", sa.Column("who", sa.String(), nullable=True))
    op.add_column("document_events", sa.Column("reason", sa.String(), nullable=True))
    op.create_foreign_key(op.f("document_events_actor_id_fkey"), "document_events", "people", ["actor_id"], ["id"])
    op.add_column("documents", sa.Column("contact_problem", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("promised_on", sa.Date(), nullable=True))
    op.add_column("documents", sa.Column("late_told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("correction", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("arrivals", sa.Integer(), server_default="0", nullable=False))
    op.add_column("documents", sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("documents", sa.Column("shelf", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("reminders", sa.Integer(), server_default="0", nullable=False))
    op.add_column("documents", sa.Column("reminder_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("documents_owner_id_idx"), "documents", ["owner_id"], unique=False)
    op.create_index(
        "documents_promised_idx",
        "documents",
        ["promised_on"],
        unique=False,
        postgresql_where=sa.text("promised_on IS NOT NULL AND arrivals = 0"),
    )
    op.create_index(
        "documents_shelf_idx",
        "documents",
        ["site_id", "received_at"],
        unique=False,
        postgresql_where=sa.text("stage IN ('received', 'notified', 'reminded')"),
    )
    op.add_column("events", sa.Column("who", sa.String(), nullable=True))
    op.add_column("inbound_messages", sa.Column("understood_as", sa.String(), nullable=True))
    op.alter_column("inbound_messages", "person_id", existing_type=sa.BIGINT(), nullable=True)
    op.add_column("messages", sa.Column("asked_for", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("messages", sa.Column("campaign_id", sa.Integer(), nullable=True))
    op.add_column("messages", sa.Column("sender", sa.String(), nullable=True))
    op.drop_constraint(op.f("messages_gateway_gateway_id_key"), "messages", type_="unique")
    op.drop_index(op.f("messages_person_id_idx"), table_name="messages")
    op.create_index(
        "messages_campaign_idx",
        "messages",
        ["campaign_id", "status"],
        unique=False,
        postgresql_where=sa.text("campaign_id IS NOT NULL"),
    )
    op.create_index("messages_day_idx", "messages", ["person_id", "claimed_at"], unique=False)
    op.create_index(
        "messages_dead_idx",
        "messages",
        ["status_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('failed', 'expired', 'withheld')"),
    )
    op.create_index(
        "messages_gateway_id_key",
        "messages",
        ["gateway", "gateway_id"],
        unique=True,
        postgresql_where=sa.text("gateway_id IS NOT NULL"),
    )
    op.create_index(
        "messages_sent_idx", "messages", ["status_at"], unique=False, postgresql_where=sa.text("status = 'sent'")
    )
    op.create_index(
        "messages_subject_idx", "messages", ["subject"], unique=False, postgresql_where=sa.text("status = 'pending'")
    )
    op.add_column("people", sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("network", sa.String(), nullable=True))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(NEW)} TO zamu_app")


def downgrade() -> None:
    op.drop_column("people", "network")
    op.drop_column("people", "blocked_at")
    op.drop_index("messages_subject_idx", table_name="messages", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index("messages_sent_idx", table_name="messages", postgresql_where=sa.text("status = 'sent'"))
    op.drop_index("messages_gateway_id_key", table_name="messages", postgresql_where=sa.text("gateway_id IS NOT NULL"))
    op.drop_index(
        "messages_dead_idx",
        table_name="messages",
        postgresql_where=sa.text("status IN ('failed', 'expired', 'withheld')"),
    )
    op.drop_index("messages_day_idx", table_name="messages")
    op.drop_index("messages_campaign_idx", table_name="messages", postgresql_where=sa.text("campaign_id IS NOT NULL"))
    op.create_index(op.f("messages_person_id_idx"), "messages", ["person_id"], unique=False)
    op.create_unique_constraint(
        op.f("messages_gateway_gateway_id_key"),
        "messages",
        ["gateway", "gateway_id"],
        postgresql_nulls_not_distinct=False,
    )
    op.drop_column("messages", "sender")
    op.drop_column("messages", "campaign_id")
    op.drop_column("messages", "asked_for")
    op.alter_column("inbound_messages", "person_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("inbound_messages", "understood_as")
    op.drop_column("events", "who")
    op.drop_index(
        "documents_shelf_idx",
        table_name="documents",
        postgresql_where=sa.text("stage IN ('received', 'notified', 'reminded')"),
    )
    op.drop_index(
        "documents_promised_idx",
        table_name="documents",
        postgresql_where=sa.text("promised_on IS NOT NULL AND arrivals = 0"),
    )
    op.drop_index(op.f("documents_owner_id_idx"), table_name="documents")
    op.drop_column("documents", "reminder_id")
    op.drop_column("documents", "reminders")
    op.drop_column("documents", "shelf")
    op.drop_column("documents", "received_at")
    op.drop_column("documents", "arrivals")
    op.drop_column("documents", "correction")
    op.drop_column("documents", "late_told_at")
    op.drop_column("documents", "promised_on")
    op.drop_column("documents", "contact_problem")
    op.drop_constraint(op.f("document_events_actor_id_fkey"), "document_events", type_="foreignkey")
    op.drop_column("document_events", "reason")
    op.drop_column("document_events", "who")
    op.drop_column("document_events", "actor_id")
    op.drop_column("document_events", "channel")
    op.drop_index("bookings_starts_idx", table_name="bookings")
    op.drop_column("bookings", "reminded_at")
    op.drop_index("waitlist_offers_open_key", table_name="waitlist_offers", postgresql_where=sa.text("outcome IS NULL"))
    op.drop_index(
        "waitlist_offers_expiry_idx", table_name="waitlist_offers", postgresql_where=sa.text("outcome IS NULL")
    )
    op.drop_index("waitlist_offers_entry_idx", table_name="waitlist_offers")
    op.drop_table("waitlist_offers")
    op.drop_table("notices")
    op.drop_index(op.f("collection_consents_document_id_idx"), table_name="collection_consents")
    op.drop_table("collection_consents")
    op.drop_index(
        "waitlist_entries_waiting_idx", table_name="waitlist_entries", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(
        "waitlist_entries_one_key", table_name="waitlist_entries", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(op.f("waitlist_entries_contact_id_idx"), table_name="waitlist_entries")
    op.drop_table("waitlist_entries")
    op.drop_index("questions_person_idx", table_name="questions")
    op.drop_table("questions")
    op.drop_table("spending")
    op.drop_table("intake_files")
    op.drop_table("campaigns")
    op.drop_table("callbacks_seen")
    op.drop_table("balances")
