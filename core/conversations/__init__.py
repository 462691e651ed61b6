"""People, their addresses, and the one conversation that each has with us."""
