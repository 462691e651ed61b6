"""The once-only journal of what providers tell us, and folding it into conversations."""
