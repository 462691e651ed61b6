"""The sandbox's platform as the far end, where a test is about what both sides do together."""

from tests.sandbox.conftest import ports, sandbox, sandbox_client

__all__ = ["ports", "sandbox", "sandbox_client"]
