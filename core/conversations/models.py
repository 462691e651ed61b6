"""Contacts, addresses, conversations, messages and attachments. What is personal is sealed under the contact's key."""

from tortoise import Model, fields


class Contact(Model):
    """A person. When two turn out to be one, the absorbed row stays and names the one that stands for both."""

    id = fields.UUIDField(primary_key=True)
    key_id = fields.UUIDField()
    name_sealed = fields.BinaryField(null=True)
    merged_into = fields.UUIDField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "contact"


class Address(Model):
    """Where a person can be reached: one openid, phone number or mail address at one of our accounts.

    `home_contact_id` is whose it was when it first wrote: its messages stay sealed under that contact's key, and
    splitting gives it back.
    """

    id = fields.UUIDField(primary_key=True)
    contact_id = fields.UUIDField(db_index=True)
    home_contact_id = fields.UUIDField()
    account_id = fields.UUIDField()
    kind = fields.CharField(max_length=16)
    value_sealed = fields.BinaryField()
    value_index = fields.BinaryField()
    name_sealed = fields.BinaryField(null=True)
    """The name that the channel gave (mail's From, WeChat's nickname)."""
    verified_at = fields.DatetimeField(null=True)
    verified_how = fields.CharField(max_length=16, db_default="")
    created_at = fields.DatetimeField()
    last_in_at = fields.DatetimeField(null=True)
    opted_out_at = fields.DatetimeField(null=True)
    unreachable_at = fields.DatetimeField(null=True)
    """Unfollowed, blocked us, or the provider says that it does not exist; cleared when they write again."""

    class Meta:
        table = "address"


class Merge(Model):
    """Two people linked into one by somebody, with what is needed to split them again."""

    id = fields.UUIDField(primary_key=True)
    kept_id = fields.UUIDField(db_index=True)
    absorbed_id = fields.UUIDField(db_index=True)
    staff_id = fields.UUIDField(null=True)
    moved_addresses = fields.JSONField[list[str]]()
    moved_conversations = fields.JSONField[list[str]]()
    joined_conversation = fields.UUIDField(null=True)
    """The absorbed person's open conversation, when its messages went into the kept one's."""
    joined_into = fields.UUIDField(null=True)
    joined_notes = fields.JSONField[list[str]]()
    """Messages without an address (notes) that moved along: nothing else says whose they were."""
    at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        table = "contact_merge"


class Conversation(Model):
    """What a person and we have to say to each other until it is closed. At most one is open for each contact."""

    id = fields.UUIDField(primary_key=True)
    contact_id = fields.UUIDField(db_index=True)
    state = fields.CharField(max_length=8, db_default="open")
    """`open`, `closed`, or `joined` (its messages are in another one since a merge)."""
    assignee_id = fields.UUIDField(null=True)
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    last_message_at = fields.DatetimeField()
    waiting_since = fields.DatetimeField(null=True)
    """Since when the person waits for a human answer; NULL when they do not."""
    unread = fields.IntField(db_default=0)

    class Meta:
        table = "conversation"


class Message(Model):
    """Something said: in, out, an internal note, or an event worth a line."""

    id = fields.UUIDField(primary_key=True)
    conversation_id = fields.UUIDField()
    address_id = fields.UUIDField(null=True)
    account_id = fields.UUIDField(null=True)
    channel = fields.CharField(max_length=16, db_default="")
    direction = fields.CharField(max_length=5)
    """`in`, `out`, `note` (never sent) or `event`."""
    author_kind = fields.CharField(max_length=8)
    """`contact`, `staff`, `bot` or `system`."""
    author_id = fields.UUIDField(null=True)
    kind = fields.CharField(max_length=12)
    body_sealed = fields.BinaryField(null=True)
    subject_sealed = fields.BinaryField(null=True)
    full_sealed = fields.BinaryField(null=True)
    """All of a mail, where `body` is what the person wrote now."""
    provider_id_sealed = fields.BinaryField(null=True)
    provider_index = fields.BinaryField(null=True)
    references_sealed = fields.BinaryField(null=True)
    state = fields.CharField(max_length=10)
    """`received` for what came in, `kept` for notes and events, else a DeliveryState: the worst of its parts."""
    reason = fields.CharField(max_length=200, db_default="")
    answers = fields.UUIDField(null=True)
    """The journal row that this message answers."""
    automatic = fields.BooleanField(db_default=False)
    once = fields.UUIDField(null=True)
    """Made by whoever wrote it, unique: the same form sent twice is one message."""
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    """When the provider says it was written."""

    class Meta:
        table = "message"
        indexes = (("conversation_id", "id"),)


class Attachment(Model):
    """A file of a message, sealed. `pending` until a file known only by reference has been fetched."""

    id = fields.UUIDField(primary_key=True)
    message_id = fields.UUIDField(db_index=True)
    position = fields.SmallIntField()
    key_id = fields.UUIDField()
    name_sealed = fields.BinaryField()
    content_type = fields.CharField(max_length=100)
    state = fields.CharField(max_length=8)
    """`stored`, `pending` or `lost` (expired at the provider, or too large)."""
    size = fields.IntField(db_default=0)
    content_sealed = fields.BinaryField(null=True)
    digest = fields.BinaryField(null=True)
    """Keyed: the digest of a known file would tell who has it."""
    reference_sealed = fields.BinaryField(null=True)
    inline_id_sealed = fields.BinaryField(null=True)
    tries = fields.SmallIntField(db_default=0)
    due_at = fields.DatetimeField(null=True)

    class Meta:
        table = "attachment"
