"""What an engine carries beside its plan: base64 of JSON in field 7 of the info list."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from torch_tensorrt._errors import EngineError

FORMAT = 1
"""Raised when the document's meaning changes; a reader refuses what is newer than itself."""

_MAX_BYTES = 64 << 20


def encode(document: Mapping[str, Any]) -> str:
    """`document` holds JSON values only."""
    text = json.dumps({"format": FORMAT, **document}, separators=(",", ":"), allow_nan=True)
    return base64.b64encode(text.encode()).decode()


def decode(encoded: str | bytes) -> dict[str, Any]:
    """The document; {} for an engine without one. Raises EngineError where it cannot be read."""
    if not encoded:
        return {}
    if len(encoded) > _MAX_BYTES:
        raise _unreadable(f"{len(encoded)} characters, at most {_MAX_BYTES} are expected")
    try:
        document = json.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from None
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise _unreadable("a JSON object with a format number is expected")
    if document["format"] > FORMAT:
        raise _unreadable(f"it is of format {document['format']}, this version reads up to {FORMAT}")
    return document


def _unreadable(reason: str) -> EngineError:
    return EngineError(
        f"the metadata of a saved engine (field 7, SERIALIZED_METADATA) cannot be read: {reason}\n"
        "  The file was altered or written by another version; compile the model again"
    )
