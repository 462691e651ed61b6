"""Wrapped keys. Without the root key this table opens nothing; without this table the root key opens nothing."""

from tortoise import Model, fields


class DataKey(Model):
    """A data key wrapped by the root key: one for each contact, one for each kind of system record."""

    id = fields.UUIDField(primary_key=True)
    purpose = fields.CharField(max_length=32)
    """`contact`, or the kind of system record: journal, account, staff, index."""
    algorithm = fields.SmallIntField()
    wrapped = fields.BinaryField(null=True)
    """The key under the root key; NULL once destroyed, which erases everything that it sealed."""
    root = fields.CharField(max_length=16)
    """Fingerprint of the root key that wrapped it."""
    created_at = fields.DatetimeField()
    destroyed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "data_key"
