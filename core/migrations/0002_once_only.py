"""What the ORM cannot say: uniqueness of sealed look-ups, at most one open conversation, and indexes of waiting work."""

from tortoise import migrations
from tortoise.migrations import operations as ops

STATEMENTS = {
    "inbound_once": "UNIQUE INDEX {} ON inbound (account_id, dedupe)",
    "inbound_waiting": "INDEX {} ON inbound (id) WHERE state = 'received'",
    "inbound_stuck": "INDEX {} ON inbound (received_at) WHERE state IN ('failed', 'unreadable')",
    "inbound_raw": "INDEX {} ON inbound (received_at) WHERE raw_sealed IS NOT NULL",
    "address_once": "UNIQUE INDEX {} ON address (account_id, value_index)",
    "contact_merged": "INDEX {} ON contact (merged_into) WHERE merged_into IS NOT NULL",
    "address_home": "INDEX {} ON address (home_contact_id)",
    "address_value": "INDEX {} ON address (value_index)",
    "conversation_one_open": "UNIQUE INDEX {} ON conversation (contact_id) WHERE state = 'open'",
    "conversation_in_order": "INDEX {} ON conversation (state, (coalesce(waiting_since, 'infinity')), last_message_at DESC, id DESC)",
    "message_provider": "INDEX {} ON message (provider_index) WHERE provider_index IS NOT NULL",
    "attachment_pending": "INDEX {} ON attachment (due_at) WHERE state = 'pending'",
    "outbox_waiting": "INDEX {} ON outbox (due_at, id) WHERE state = 'queued'",
    "outbox_leased": "INDEX {} ON outbox (lease_until) WHERE state IN ('claimed', 'sending')",
    "message_once": "UNIQUE INDEX {} ON message (once) WHERE once IS NOT NULL",
    "outbox_order": "INDEX {} ON outbox (address_id, message_id, part) WHERE state IN ('queued', 'claimed', 'sending')",
    "outbox_stuck": "INDEX {} ON outbox (created_at) WHERE state IN ('failed', 'unknown')",
    "outbox_provider": "INDEX {} ON outbox (provider_index) WHERE provider_index IS NOT NULL",
    "outbox_answers": "INDEX {} ON outbox (answers) WHERE answers IS NOT NULL",
    "data_key_system": "UNIQUE INDEX {} ON data_key (purpose) WHERE purpose <> 'contact' AND destroyed_at IS NULL",
    "staff_login": "UNIQUE INDEX {} ON staff (login_index)",
    "one_time_link_token": "UNIQUE INDEX {} ON one_time_link (token_hash)",
    "staff_session_token": "UNIQUE INDEX {} ON staff_session (token_hash)",
    "api_token_token": "UNIQUE INDEX {} ON api_token (token_hash)",
}


class Migration(migrations.Migration):
    dependencies = [("core", "0001_spine")]

    operations = [
        ops.RunSQL(
            ["CREATE " + sql.format(name) for name, sql in STATEMENTS.items()],
            reverse_sql=[f"DROP INDEX {name}" for name in STATEMENTS],
        )
    ]
