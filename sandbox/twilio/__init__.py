"""A Twilio: the Messages resource, signed webhooks for incoming texts and for status."""
