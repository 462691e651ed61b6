"""The sandbox's providers as the far end, where a test is about what both sides do together."""

from tests.sandbox.conftest import _product, ports, product, sandbox, sandbox_client

__all__ = ["_product", "ports", "product", "sandbox", "sandbox_client"]
