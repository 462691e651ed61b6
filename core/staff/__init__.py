"""The people who work here: accounts, roles, sessions, and the audit trail."""
