"""What must go out, and what was tried."""

from tortoise import Model, fields


class Outbox(Model):
    """One part of one message on its way. A part is claimed, then sent once; what came of it is never guessed."""

    id = fields.UUIDField(primary_key=True)
    message_id = fields.UUIDField(db_index=True)
    account_id = fields.UUIDField()
    address_id = fields.UUIDField()
    part = fields.SmallIntField(db_default=0)
    text_sealed = fields.BinaryField(null=True)
    """This part's text where it is not the whole message's."""
    attachment_id = fields.UUIDField(null=True)
    """This part's file, on channels where files go alone."""
    state = fields.CharField(max_length=10, db_default="queued")
    """`queued`, `claimed` (nothing has left yet), then a DeliveryState."""
    due_at = fields.DatetimeField()
    lease_until = fields.DatetimeField(null=True)
    tries = fields.SmallIntField(db_default=0)
    answers = fields.UUIDField(null=True)
    """The journal row whose call may carry this part back."""
    provider_id_sealed = fields.BinaryField(null=True)
    provider_index = fields.BinaryField(null=True)
    code = fields.CharField(max_length=32, db_default="")
    reason = fields.CharField(max_length=200, db_default="")
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    resent_as = fields.UUIDField(null=True)
    """The part that a person sent again in place of this one."""

    class Meta:
        table = "outbox"


class Attempt(Model):
    """One try at a part: begun before anything leaves, ended with what the provider said."""

    id = fields.UUIDField(primary_key=True)
    outbox_id = fields.UUIDField(db_index=True)
    began_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    outcome = fields.CharField(max_length=10, db_default="")
    code = fields.CharField(max_length=32, db_default="")
    reason = fields.CharField(max_length=200, db_default="")

    class Meta:
        table = "attempt"
