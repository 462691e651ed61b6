"""Email: SMTP out, IMAP or a signed webhook in."""
