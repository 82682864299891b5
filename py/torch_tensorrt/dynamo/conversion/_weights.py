"""Constants on their way into a network: torch tensors that know their source, and the one maker of
trt.Weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import tensorrt as trt
import torch

from torch_tensorrt._errors import Int64RangeError, UnsupportedDtypeError
from torch_tensorrt.dynamo.conversion._types import no_twin_message, short, to_trt


@dataclass(frozen=True, eq=False)
class Const:
    """A value known at compile time.

    `source` is the parameter's or buffer's name in the user's model (or the node's name), for messages and
    refit.
    `weak` is True for Python numbers and 0-dim tensors: they take part in promotion by their kind only.
    """

    value: torch.Tensor
    source: str
    weak: bool = False

    @property
    def dtype(self) -> torch.dtype:
        return self.value.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def rank(self) -> int:
        return self.value.dim()

    def with_value(self, value: torch.Tensor) -> Const:
        """The same constant after arithmetic or another view of it."""
        return replace(self, value=value)

    def to(self, dtype: torch.dtype) -> Const:
        """Converted to `dtype`; integers and finite numbers that do not fit are refused."""
        return self if dtype == self.dtype else self.with_value(narrowed(self.value, dtype, self.source))


def narrowed(value: torch.Tensor, dtype: torch.dtype, source: str) -> torch.Tensor:
    """`value` as `dtype`, after a check that no integer wraps and no finite number becomes infinite."""
    if value.numel() and not value.is_meta:
        if dtype in (torch.int8, torch.uint8, torch.int16, torch.int32) and not value.dtype.is_floating_point:
            _check_integers(value, dtype, source)
        elif value.dtype is torch.float64 and dtype is torch.float32:
            _check_finite(value, source)
    return value.to(dtype)


def _check_integers(value: torch.Tensor, dtype: torch.dtype, source: str) -> None:
    if value.dtype is torch.bool:
        return
    info, wide = torch.iinfo(dtype), value.to(torch.int64)
    bad = (wide < info.min) | (wide > info.max)
    if bool(bad.any()):
        index = int(bad.flatten().nonzero()[0])
        raise Int64RangeError(
            f"Constant '{source}' does not fit {short(dtype)}\n"
            f"  it holds {int(wide.flatten()[index])} at flat index {index}, outside [{info.min}, "
            f"{info.max}]\n"
            f"  To go on: keep the operator in PyTorch with torch_executed_ops, or reduce the values"
        )


def _check_finite(value: torch.Tensor, source: str) -> None:
    bad = value.isfinite() & ~value.to(torch.float32).isfinite()
    if bool(bad.any()):
        index = int(bad.flatten().nonzero()[0])
        raise UnsupportedDtypeError(
            f"Constant '{source}' does not fit float32, which truncate_double=True asks for\n"
            f"  it holds {float(value.flatten()[index])} at flat index {index}\n"
            f"  To go on: keep the operator in PyTorch with torch_executed_ops, or reduce the values"
        )


class WeightStore:
    """Makes trt.Weights and keeps the memory they point into until the network is built."""

    def __init__(self) -> None:
        self.held: list[torch.Tensor] = []

    def weights(self, value: torch.Tensor, source: str) -> trt.Weights:
        """Weights that point into `value` (made contiguous, on the host). The type is never changed."""
        if value.dtype is torch.uint8:
            raise UnsupportedDtypeError(no_twin_message(f"Constant '{source}'", value.dtype))
        dtype = to_trt(value.dtype, f"Constant '{source}'")
        owner = value.detach().cpu().contiguous()
        self.held.append(owner)
        packed = 2 if dtype == trt.DataType.FP4 else 1
        return trt.Weights(dtype, owner.data_ptr() if owner.numel() else 0, owner.numel() * packed)

    def release(self) -> None:
        """Lets the memory go; only after the build."""
        self.held.clear()
