"""The one door out: template, text, outbox."""
