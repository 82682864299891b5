"""The type contract: after each converter, its results are what the exported graph says (dtype, rank, known
lengths).
"""

from __future__ import annotations

import logging
from typing import Any

import tensorrt as trt
import torch
from torch.fx import Node

from torch_tensorrt._errors import ConversionError, DtypeContractError
from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._registry import ConverterSupport
from torch_tensorrt.dynamo.conversion._source import source_of
from torch_tensorrt.dynamo.conversion._types import network_dtype, no_twin_message, short
from torch_tensorrt.dynamo.conversion._weights import Const

logger = logging.getLogger(__name__)


def hold(b: Builder, node: Node, entry: ConverterSupport, result: Any) -> Any:
    """The converter's result, with the one kind of difference repaired that TensorRT forces: a narrower
    integer type.
    """
    return _hold(b, node, entry, result, node.meta.get("val"))


def _hold(b: Builder, node: Node, entry: ConverterSupport, result: Any, expected: Any) -> Any:
    if isinstance(expected, (tuple, list)):
        return _hold_each(b, node, entry, result, expected)
    if result is None or not isinstance(expected, torch.Tensor):
        return result
    want = network_dtype(expected.dtype, b.settings.truncate_double)
    if want is None:
        raise DtypeContractError(f"{no_twin_message('The result', expected.dtype)}\n  at {source_of(node)}")
    if not isinstance(result, (trt.ITensor, Const)):
        result = b.tensor(result, want, rank=expected.dim())
    _check_shape(b, node, entry, result, expected)
    got = b.dtype(result)
    if got != want:
        result = _repaired(b, node, entry, result, got, want)
    b.annotate(result, [n if isinstance(n, int) else n.node.expr for n in expected.shape])
    return result


def _hold_each(b: Builder, node: Node, entry: ConverterSupport, result: Any, expected: Any) -> Any:
    if not isinstance(result, (tuple, list)):
        result = (result,)
    if len(result) > len(expected):
        raise _broken(node, entry, f"it returned {len(result)} results, the operator has {len(expected)}")
    return tuple(_hold(b, node, entry, r, e) for r, e in zip(result, expected, strict=False))


def _repaired(
    b: Builder, node: Node, entry: ConverterSupport, result: Any, got: torch.dtype, want: torch.dtype
) -> Any:
    # An index that TensorRT counts in int32 is int64 in PyTorch: a Cast right here loses nothing.
    if (got, want) == (torch.int32, torch.int64):
        return b.cast(result, want)
    text = (
        f"The result of {node.target} has type {short(got)}, PyTorch gives {short(want)}\n"
        f"  at {source_of(node)}\n"
        f"  made by the converter {entry.name}"
    )
    if entry.builtin:
        raise DtypeContractError(
            f"{text}\n"
            "  To go on: this is a fault of the converter; leave the operator in PyTorch with "
            "torch_executed_ops"
        )
    logger.warning("%s\n  A Cast was added; the converter should return %s itself", text, short(want))
    return b.cast(result, want)


def _check_shape(
    b: Builder, node: Node, entry: ConverterSupport, result: Any, expected: torch.Tensor
) -> None:
    have = b._fact(result)[1] if isinstance(result, trt.ITensor) else result.shape
    if len(have) == expected.dim():
        if all(h < 0 or not isinstance(e, int) or h == e for h, e in zip(have, expected.shape, strict=False)):
            return
    raise _broken(
        node, entry, f"it returned lengths {list(have)}, PyTorch gives {[str(n) for n in expected.shape]}"
    )


def _broken(node: Node, entry: ConverterSupport, what: str) -> ConversionError:
    return ConversionError(
        f"The converter {entry.name} of {node.target} does not do what the operator does: {what}\n"
        f"  at {source_of(node)}\n"
        f"  To leave it in PyTorch: torch_executed_ops={{'{node.target}'}}"
    )


def missing_result(node: Node, entry: ConverterSupport) -> ConversionError:
    """A converter returned None where its operator has a result."""
    return ConversionError(
        f"The converter {entry.name} of {node.target} returned None\n"
        f"  at {source_of(node)}\n"
        f"  expected an ITensor (or a sequence of them)\n"
        f"  To go on: return the output of the last layer, layer.get_output(0)"
    )


__all__ = ["hold", "missing_result"]
