"""Accounts at providers, and the journal of everything they told us."""

from tortoise import Model, fields


class ChannelAccount(Model):
    """An account at a provider: a WeChat official account, a number at a gateway, a mailbox."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(max_length=16)
    public_id = fields.CharField(max_length=32, unique=True)
    """Stands in the webhook's path; random, so that it tells nothing."""
    name = fields.CharField(max_length=60)
    values_sealed = fields.BinaryField()
    """The fields of the adapter, secret or not, as JSON under the `account` key."""
    active = fields.BooleanField(db_default=True)
    cursor = fields.CharField(max_length=64, db_default="")
    """How far a mailbox has been read."""
    polled_at = fields.DatetimeField(null=True)
    """When a worker last took it on itself to read the mailbox."""
    created_at = fields.DatetimeField()
    last_in_at = fields.DatetimeField(null=True)
    last_out_at = fields.DatetimeField(null=True)
    last_error = fields.CharField(max_length=200, db_default="")
    """The newest trouble with the provider, in words for administrators; empty when all is well."""
    last_error_at = fields.DatetimeField(null=True)

    class Meta:
        table = "channel_account"


class InboundState:
    """Where a journal row stands."""

    RECEIVED = "received"
    FOLDED = "folded"
    FAILED = "failed"
    """Folding raised; an administrator can replay it."""
    UNREADABLE = "unreadable"
    """Genuine, but not understood; an administrator can have it read again."""


class Inbound(Model):
    """One event as it came, written once, before the provider is answered."""

    id = fields.UUIDField(primary_key=True)
    account_id = fields.UUIDField()
    dedupe = fields.BinaryField()
    """Keyed hash of the event's dedupe key; unique within the account."""
    state = fields.CharField(max_length=12, db_default=InboundState.RECEIVED)
    event_sealed = fields.BinaryField(null=True)
    """The event under the `journal` key; NULL once folded, when the contact's own key holds what is kept."""
    raw_sealed = fields.BinaryField(null=True)
    """The payload as it came, kept for RAW_DAYS."""
    size = fields.IntField(db_default=0)
    """Bytes of the sealed event and payload: a folding batch is bounded by their sum."""
    received_at = fields.DatetimeField()
    due_at = fields.DatetimeField()
    """Not before: a receipt that comes before its send has been recorded waits a little."""
    awaited_until = fields.DatetimeField(null=True)
    """Until then the provider's call is held open for an answer."""
    tries = fields.SmallIntField(db_default=0)
    error = fields.CharField(max_length=200, db_default="")
    """The kind of error that stopped it; never its text, which may quote the payload."""
    message_id = fields.UUIDField(null=True)
    """What it became."""

    class Meta:
        table = "inbound"
