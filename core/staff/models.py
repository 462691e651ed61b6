"""Accounts, one-time links, browser sessions, programs' tokens, and the audit trail."""

from tortoise import Model, fields


class Staff(Model):
    """Somebody who works here. Deactivated, never deleted: what they did keeps its author."""

    id = fields.UUIDField(primary_key=True)
    login_sealed = fields.BinaryField()
    login_index = fields.BinaryField()
    name_sealed = fields.BinaryField()
    roles = fields.JSONField[list[str]]()
    password_hash = fields.CharField(max_length=200, db_default="")
    """Argon2id; empty until an invitation has been accepted."""
    active = fields.BooleanField(db_default=True)
    failed_logins = fields.SmallIntField(db_default=0)
    locked_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff"


class OneTimeLink(Model):
    """An invitation or a way back in; works once, for a while. Only the hash of its token is kept."""

    id = fields.UUIDField(primary_key=True)
    staff_id = fields.UUIDField()
    token_hash = fields.BinaryField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "one_time_link"


class StaffSession(Model):
    """A logged-in browser. Logging out ends it on the server."""

    id = fields.UUIDField(primary_key=True)
    staff_id = fields.UUIDField(db_index=True)
    token_hash = fields.BinaryField()
    created_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "staff_session"


class ApiToken(Model):
    """A program's key to /api/v1, with what it may do and until when."""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(max_length=60)
    token_hash = fields.BinaryField()
    scopes = fields.JSONField[list[str]]()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"


class AuditEntry(Model):
    """Who did what to what. Each entry carries the hash of the one before: a changed row breaks the chain."""

    seq = fields.BigIntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    staff_id = fields.UUIDField(null=True)
    act = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=80)
    """A kind and an id, such as `conversation 0192…`; never personal data."""
    detail = fields.CharField(max_length=200, db_default="")
    succeeded = fields.BooleanField()
    hash = fields.BinaryField()

    class Meta:
        table = "audit_entry"
