"""Where a mail server is and how we prove that it is it: verified TLS, or nothing but this very machine."""

import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.errors import BadSetting

Security = Literal["tls", "starttls", "none"]
DEFAULT_PORTS = {"smtp": {"tls": 465, "starttls": 587, "none": 25}, "imap": {"tls": 993, "starttls": 143, "none": 143}}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and our login there."""

    host: str
    port: int
    security: Security
    user: str = field(repr=False)
    password: str = field(repr=False)

    def trust(self) -> ssl.SSLContext | None:
        """What a certificate is checked against; None where there is none, on loopback."""
        return None if self.security == "none" else ssl.create_default_context()


def server(protocol: str, values: Mapping[str, str]) -> Server:
    """The server that an account names for `smtp` or `imap`. Raise `BadSetting` for what cannot be."""
    host = values.get(f"{protocol}_host", "").strip()
    security = _security(protocol, values)
    if security == "none" and not _on_this_machine(host):
        raise BadSetting(f"{protocol}_security", "none 只能用于本机（127.0.0.1），其他服务器请用 tls 或 starttls")
    port = values.get(f"{protocol}_port", "").strip() or str(DEFAULT_PORTS[protocol][security])
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadSetting(f"{protocol}_port", "应为 1 到 65535 之间的数字")
    user, password = values.get(f"{protocol}_user", ""), values.get(f"{protocol}_password", "")
    return Server(host, int(port), security, user, password)


def _security(protocol: str, values: Mapping[str, str]) -> Security:
    match values.get(f"{protocol}_security", "") or "tls":
        case "tls" | "starttls" | "none" as known:
            return known
        case _:
            raise BadSetting(f"{protocol}_security", "应为 tls、starttls 或 none")


def _on_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
