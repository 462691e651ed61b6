"""Mail: an SMTP server that takes the product's letters to people, and the mailbox that the product reads over IMAP."""
