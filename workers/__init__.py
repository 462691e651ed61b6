"""Thin: find what is waiting, do one thing with it, say what came of it."""
