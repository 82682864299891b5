"""Places of the info list that an engine travels as, read from the C++ half; and bytes as text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

import torch

from torch_tensorrt._errors import EngineError

_OPS = torch.ops.tensorrt

ABI_TARGET_IDX = _OPS.ABI_TARGET_IDX()
NAME_IDX = _OPS.NAME_IDX()
DEVICE_IDX = _OPS.DEVICE_IDX()
ENGINE_IDX = _OPS.ENGINE_IDX()
INPUT_BINDING_NAMES_IDX = _OPS.INPUT_BINDING_NAMES_IDX()
OUTPUT_BINDING_NAMES_IDX = _OPS.OUTPUT_BINDING_NAMES_IDX()
HW_COMPATIBLE_IDX = _OPS.HW_COMPATIBLE_IDX()
SERIALIZED_METADATA_IDX = _OPS.SERIALIZED_METADATA_IDX()
TARGET_PLATFORM_IDX = _OPS.TARGET_PLATFORM_IDX()
REQUIRES_OUTPUT_ALLOCATOR_IDX = _OPS.REQUIRES_OUTPUT_ALLOCATOR_IDX()
RESOURCE_ALLOCATION_STRATEGY_IDX = _OPS.RESOURCE_ALLOCATION_STRATEGY_IDX()
REQUIRES_NATIVE_MULTIDEVICE_IDX = _OPS.REQUIRES_NATIVE_MULTIDEVICE_IDX()
ALIASED_IO_IDX = _OPS.ALIASED_IO_IDX()
SERIALIZATION_LEN = _OPS.SERIALIZATION_LEN()
ABI_VERSION = _OPS.ABI_VERSION()
DELIMITER = _OPS.SERIALIZED_ENGINE_BINDING_DELIM()


def plan_to_text(plan: bytes) -> str:
    """Bytes of a plan for a list of text."""
    return base64.b64encode(plan).decode()


def plan_from_text(text: str, name: str) -> bytes:
    """Raises EngineError for what `plan_to_text` has not written."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EngineError(
            f"the engine '{name}' of a saved module cannot be read: {error}\n"
            "  The file was altered; save the module again"
        ) from None


def check_length(info: Sequence[str], name: str) -> None:
    """Raises EngineError for a list of another version."""
    if len(info) != SERIALIZATION_LEN:
        raise EngineError(
            f"the state of the module '{name}' has {len(info)} fields, "
            f"expected {SERIALIZATION_LEN} (ABI {ABI_VERSION})\n"
            "  It was written by another version; compile the model again"
        )


current_platform: Callable[[], str] = _OPS.get_current_platform
