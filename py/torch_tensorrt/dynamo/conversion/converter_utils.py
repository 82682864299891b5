"""Building blocks for users' converters, with the signatures that such code calls; all of them end in the
builder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import tensorrt as trt
import torch
from torch.fx.node import Target

from torch_tensorrt._enums import dtype as _dtype
from torch_tensorrt.dynamo.conversion._context import ConversionContext
from torch_tensorrt.dynamo.conversion._dims import Dim
from torch_tensorrt.dynamo.conversion._promote import Kind
from torch_tensorrt.dynamo.conversion._registry import has_dynamic_shapes
from torch_tensorrt.dynamo.conversion._source import describe, source_of, target_name
from torch_tensorrt.dynamo.conversion._types import short
from torch_tensorrt.dynamo.conversion._types import to_torch as torch_type
from torch_tensorrt.dynamo.conversion._weights import Const

logger = logging.getLogger(__name__)
_warned: set[str] = set()


def _value(value: Any, name: str) -> Any:
    """Anything that user code passes, as a value of the builder."""
    if isinstance(value, (trt.ITensor, Const, Dim, bool, int, float)):
        return value
    if isinstance(value, torch.Tensor):
        return Const(value.detach(), name)
    if isinstance(value, (list, tuple)):
        return Const(torch.tensor(value), name)
    if hasattr(value, "__array__"):
        return Const(torch.as_tensor(value), name)
    raise TypeError(
        f"'{name}' is a {type(value).__name__}; an ITensor, a torch.Tensor or a number is expected"
    )


def _torch_dtype(dtype: Any) -> torch.dtype | None:
    if dtype is None or isinstance(dtype, torch.dtype):
        return dtype
    return torch_type(dtype) if isinstance(dtype, trt.DataType) else _dtype._from(dtype).to(torch.dtype)


def get_trt_tensor(
    ctx: ConversionContext,
    input_val: Any,
    name: str,
    dtype: Any = None,
    min_rank: int = 1,
    target_quantized_type: Any = None,
) -> trt.ITensor:
    """`input_val` as a tensor of the network; constants become Constant layers in their own type (or in
    `dtype`).
    """
    if isinstance(input_val, trt.ITensor):
        return input_val
    return create_constant(ctx, input_val, name, dtype, min_rank, target_quantized_type)


def create_constant(
    ctx: ConversionContext,
    value: Any,
    name: str,
    dtype: Any = None,
    min_rank: int | None = 1,
    target_quantized_type: Any = None,
) -> trt.ITensor:
    """A Constant layer with at least `min_rank` axes."""
    given = _value(value, name)
    wanted = _torch_dtype(dtype)
    if isinstance(given, Const) and given.dtype is torch.float64 and ctx.compilation_settings.truncate_double:
        given = given.to(torch.float32)
    rank = max(ctx.builder.rank(given), min_rank or 0)
    return ctx.builder.tensor(given, wanted, rank=rank)


def cast_trt_tensor(
    ctx: ConversionContext, input_val: Any, dtype: Any, name: str, target: Target = "", source_ir: Any = None
) -> trt.ITensor:
    """`input_val` in another type (torch, TensorRT or our enum); None keeps its own."""
    given, wanted = _value(input_val, name), _torch_dtype(dtype)
    return ctx.builder.tensor(given if wanted is None else ctx.builder.cast(given, wanted))


def cast_int_int_div_trt_tensor(
    ctx: ConversionContext, lhs_val: trt.ITensor, rhs_val: trt.ITensor, name: str
) -> tuple[trt.ITensor, trt.ITensor]:
    """Operands of a true division: integers of any width become float32."""
    x, y = ctx.builder.promote(lhs_val, rhs_val, kind=Kind.INT_TO_FLOAT)
    return ctx.builder.tensor(x), ctx.builder.tensor(y)


def promote_trt_tensors_to_same_dtype(
    ctx: ConversionContext, lhs: Any, rhs: Any, name_prefix: str = ""
) -> tuple[trt.ITensor, trt.ITensor]:
    """Both operands in the type that torch's promotion gives them."""
    x, y = ctx.builder.promote(_value(lhs, name_prefix), _value(rhs, name_prefix))
    return ctx.builder.tensor(x), ctx.builder.tensor(y)


def broadcast(
    ctx: ConversionContext, a: trt.ITensor, b: trt.ITensor, a_name: str, b_name: str, preset_diff: int = 0
) -> tuple[trt.ITensor, trt.ITensor]:
    """Both tensors with one rank: leading axes of 1 are added to the shorter one."""
    rank = max(ctx.builder.rank(a), ctx.builder.rank(b) + preset_diff)
    return ctx.builder.tensor(a, rank=rank), ctx.builder.tensor(b, rank=rank - preset_diff)


def broadcast_to_same_shape(
    ctx: ConversionContext, target: Target, source_ir: Any, name: str, *args: Any
) -> tuple[trt.ITensor, ...]:
    """All tensors expanded to their common shape."""
    b = ctx.builder
    tensors = b.aligned(*[_value(a, name) for a in args])
    shapes = [b.shape(t) for t in tensors]
    common = [next((n for n in lengths if n != 1), 1) for lengths in zip(*shapes, strict=False)]
    return tuple(b.expand(t, common) for t in tensors)


def append(
    ctx: ConversionContext, original_tensor: trt.ITensor, new_value: Any, name: str, dim: int = 0
) -> trt.ITensor:
    """`new_value` after the last element of a tensor along an axis."""
    b = ctx.builder
    value = b.tensor(_value(new_value, name), b.dtype(original_tensor), rank=b.rank(original_tensor))
    return b.concat([original_tensor, value], dim)


def set_item(
    ctx: ConversionContext, trt_tensor: trt.ITensor, index: int, new_value: Any, name: str
) -> trt.ITensor:
    """A vector with one element replaced."""
    b = ctx.builder
    size = b.shape(trt_tensor)[0]
    at = index if index >= 0 else size + index
    value = b.tensor(_value(new_value, name), b.dtype(trt_tensor), rank=1)
    head, tail = b.narrow(trt_tensor, 0, 0, at), b.narrow(trt_tensor, 0, at + 1, size - at - 1)
    return b.concat([head, value, tail], 0)


def enforce_tensor_types(type_dictionary: dict[int | str, tuple[Any, ...]], promote: bool = True) -> Any:
    """A decorator: brings arguments at these positions or of these names to one of the listed kinds."""

    def decorate(converter: Any) -> Any:
        def wrapped(
            ctx: ConversionContext, target: Target, args: tuple[Any, ...], kwargs: dict[str, Any], name: str
        ) -> Any:
            positional, named = list(args), dict(kwargs)
            for key, kinds in type_dictionary.items():
                place: Any = positional if isinstance(key, int) else named
                present = key < len(args) if isinstance(key, int) else key in kwargs
                if present:
                    place[key] = _enforced(ctx, place[key], kinds, promote, f"{name}_{key}")
            return converter(ctx, target, tuple(positional), named, name)

        return wrapped

    return decorate


def _enforced(ctx: ConversionContext, value: Any, kinds: tuple[Any, ...], promote: bool, name: str) -> Any:
    if value is None or isinstance(value, kinds) or not promote:
        return value
    if trt.ITensor in kinds:
        return get_trt_tensor(ctx, value, name)
    if torch.Tensor in kinds:
        return to_torch_tensor(value)
    raise TypeError(f"Argument '{name}' is a {type(value).__name__}; one of {kinds} is expected")


def get_positive_dim(dim: int | Sequence[int], dim_size: int) -> int | tuple[int, ...]:
    """A negative axis (or several) counted from the front."""
    if isinstance(dim, int):
        return dim % dim_size if dim_size else dim
    return tuple(d % dim_size if dim_size else d for d in dim)


def get_axes_for_reduce_op(dim: int | Sequence[int]) -> int:
    """Axes as TensorRT's bit mask."""
    return sum(1 << d for d in ([dim] if isinstance(dim, int) else dim))


def flatten_dims(input: Any, start_dim: int, end_dim: int) -> tuple[int, ...]:
    """Lengths after start_dim..end_dim became one axis."""
    shape = tuple(input.shape)
    start, end = start_dim % len(shape), end_dim % len(shape)
    middle = 1
    for n in shape[start : end + 1]:
        middle = -1 if n < 0 or middle < 0 else middle * n
    return (*shape[:start], middle, *shape[end + 1 :])


def to_torch_tensor(value: Any, dtype: Any = None) -> torch.Tensor:
    """`value` as a torch tensor in its own type."""
    if isinstance(value, Const):
        value = value.value
    found = value if isinstance(value, torch.Tensor) else torch.as_tensor(value)
    wanted = _torch_dtype(dtype)
    return found if wanted is None else found.to(wanted)


def to_torch(value: Any, dtype: Any = None) -> torch.Tensor | None:
    """`value` as a torch tensor in its own type; None stays None."""
    return None if value is None else to_torch_tensor(value, dtype)


def to_numpy(value: Any, dtype: Any = None) -> Any:
    """`value` as a numpy array; bfloat16 and 8 bit floats, which numpy lacks, become float32 with one
    warning.
    """
    if value is None:
        return None
    tensor = to_torch_tensor(value).detach().cpu()
    if tensor.dtype is torch.bfloat16 or "float8" in str(tensor.dtype):
        if "to_numpy" not in _warned:
            _warned.add("to_numpy")
            logger.warning(
                "to_numpy: numpy has no %s, the values become float32; keep torch tensors instead",
                short(tensor.dtype),
            )
        tensor = tensor.to(torch.float32)
    array = tensor.numpy()
    return array if dtype is None else array.astype(_dtype._from(dtype).to(_numpy().dtype))


def _numpy() -> Any:
    import numpy

    return numpy


def set_layer_name(layer: trt.ILayer, target: Target | Any, name: str, source_ir: Any = None) -> None:
    """Names a layer `[KIND]-[target]-[name]`."""
    ir = getattr(source_ir, "name", "").lower()
    text = target if isinstance(target, str) else target_name(target)
    layer.name = f"[{trt.ILayer.type.fget(layer).name}]-[{ir + '_ops.' if ir else ''}{text}]-[{name}]"


def get_node_name(node: torch.fx.Node) -> str:
    """A node's name with its place in the model."""
    return source_of(node)


def get_node_io(node: torch.fx.Node, constant_mapping: Any = None) -> str:
    """A node's inputs and output with their types and lengths."""
    return f"Inputs: {describe(list(node.args))} | Outputs: {describe(node)}"


def is_only_operator_on_placeholder(node: torch.fx.Node) -> bool:
    """Whether a node works on a placeholder that has no other use."""
    return bool(node.args) and isinstance(node.args[0], torch.fx.Node) and node.args[0].op == "placeholder"


def has_dynamic_shape(shape: Sequence[int]) -> bool:
    """Whether a TensorRT shape has a length that is not known."""
    return any(n < 0 for n in shape)


def dynamic_unsupported(node: torch.fx.Node, settings: Any = None) -> bool:
    """A validator: whether the node's arguments have static shapes."""
    return not has_dynamic_shapes(node)
