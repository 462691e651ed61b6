"""Every column that could hold personal data holds it sealed; what stands in the clear is listed, with what it is."""

from tortoise import Tortoise, fields

from core.database import MODELS
from core.desk import Desk

CLEAR = {
    "data_key": {"purpose", "root"},
    "channel_account": {"kind", "public_id", "name", "cursor", "last_error"},  # our own words, and a mailbox's position
    "inbound": {"state", "error"},  # error: the type of an exception
    "address": {"kind", "verified_how"},
    "contact_merge": {"moved_addresses", "moved_conversations", "joined_notes"},  # ids
    "conversation": {"state"},
    "message": {"channel", "direction", "author_kind", "kind", "state", "reason"},  # reason: our own sentence
    "attachment": {"content_type", "state"},
    "outbox": {"state", "code", "reason"},
    "attempt": {"outcome", "code", "reason"},
    "staff": {"roles", "password_hash"},
    "api_token": {"name", "scopes"},
    "audit_entry": {"act", "subject", "detail"},  # ids and our own words
}

TEXTUAL = (fields.CharField, fields.TextField, fields.JSONField)


def test_whatever_can_hold_text_is_sealed_or_listed(desk: Desk) -> None:
    assert desk
    found = {
        model._meta.db_table: {name for name, field in model._meta.fields_map.items() if isinstance(field, TEXTUAL)}
        for model in (Tortoise.apps or {})["core"].values()
    }

    assert {table: names for table, names in found.items() if names} == CLEAR


def test_whatever_is_binary_says_how_it_is_protected(desk: Desk) -> None:
    assert desk
    names = {
        f"{model._meta.db_table}.{name}"
        for model in (Tortoise.apps or {})["core"].values()
        for name, field in model._meta.fields_map.items()
        if isinstance(field, fields.BinaryField)
    }
    protected = ("_sealed", "_index", "_hash", ".dedupe", ".digest", ".wrapped", ".hash")

    assert {each for each in names if not each.endswith(protected)} == set()
    assert len(MODELS) >= 5
