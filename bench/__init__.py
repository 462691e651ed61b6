"""Experiments about speed. They print ratios, need nothing but what they measure, and are never part of the tests."""
