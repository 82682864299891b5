"""Multi-device safe mode: whether inputs on another GPU are moved to the engine's."""

from __future__ import annotations

from typing import Any

import torch

from torch_tensorrt._errors import InputError


class _MultiDeviceSafeModeContextManager:
    def __init__(self, before: bool) -> None:
        self._before = before

    def __enter__(self) -> _MultiDeviceSafeModeContextManager:
        return self

    def __exit__(self, *_: Any) -> None:
        torch.ops.tensorrt.set_multi_device_safe_mode(self._before)


def set_multi_device_safe_mode(mode: bool) -> _MultiDeviceSafeModeContextManager:
    """Sets the mode for the process; as a context manager it restores the former one at the end."""
    if not isinstance(mode, bool):
        raise InputError(f"the multi-device safe mode is True or False, got {mode!r}")
    before = torch.ops.tensorrt.get_multi_device_safe_mode()
    torch.ops.tensorrt.set_multi_device_safe_mode(mode)
    return _MultiDeviceSafeModeContextManager(before)
