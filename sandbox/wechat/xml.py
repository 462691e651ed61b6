"""XML as the platform writes and reads it."""

import re
from collections.abc import Mapping
from xml.parsers.expat import ExpatError

import xmltodict

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Value = str | int | float | Mapping[str, object]
Fields = dict[str, Value]
"""What stands below <xml>, in order."""


def write(fields: Mapping[str, Value]) -> str:
    """Numbers bare, texts in CDATA, nested fields nested."""
    return f"<xml>{_inside(fields)}</xml>"


def _inside(fields: Mapping[str, object]) -> str:
    return "\n".join(f"<{name}>{_value(value)}</{name}>" for name, value in fields.items())


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _inside(value)
    if isinstance(value, int | float):
        return str(value)
    clean = _NOT_XML.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{clean}]]>"


def read(body: bytes) -> Mapping[str, object]:
    """The fields below <xml>. Raise `ValueError` for anything else."""
    try:
        parsed = xmltodict.parse(body)
    except ExpatError as problem:
        raise ValueError(str(problem)) from None
    fields = parsed.get("xml") if isinstance(parsed, Mapping) else None
    if not isinstance(fields, Mapping):
        raise ValueError("not <xml>")
    return fields
