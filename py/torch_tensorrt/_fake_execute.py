"""What `tensorrt::execute_engine` gives for tensors without data, as torch.export and torch.compile trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._python_dispatch import _disable_current_modes

from torch_tensorrt import _metadata
from torch_tensorrt._errors import EngineError, InputError
from torch_tensorrt._shape_expressions import ShapeExpressions


@dataclass(frozen=True)
class _Facts:
    """What a fake run has to know of an engine."""

    device: torch.device
    input_names: tuple[str, ...]
    input_dtypes: tuple[torch.dtype, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    output_dtypes: tuple[torch.dtype, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    expressions: ShapeExpressions | None


@lru_cache(maxsize=256)
def _facts(bindings: str, metadata: str) -> _Facts:
    described = json.loads(bindings)
    ins, outs = described["inputs"], described["outputs"]
    return _Facts(
        torch.device(described["device"]),
        tuple(row["name"] for row in ins),
        tuple(getattr(torch, row["dtype"]) for row in ins),
        tuple(tuple(row["shape"]) for row in ins),
        tuple(getattr(torch, row["dtype"]) for row in outs),
        tuple(tuple(row["shape"]) for row in outs),
        _expressions(metadata, len(ins), [len(row["shape"]) for row in outs]),
    )


def _expressions(metadata: str, inputs: int, output_ranks: list[int]) -> ShapeExpressions | None:
    document = _metadata.decode(metadata).get("inout_symexprs")
    if not document:
        return None
    try:
        expressions = ShapeExpressions(document)
    except (KeyError, TypeError) as error:
        raise EngineError(
            f"the shape expressions of a saved engine cannot be read: {error!r}; compile the model again"
        ) from None
    found = [len(sizes) for sizes in expressions.outputs]
    if len(expressions.inputs) != inputs or found != output_ranks:
        raise EngineError(
            "the shape expressions of a saved engine are of another engine: "
            f"{len(expressions.inputs)} inputs and outputs of ranks {found}, "
            f"the engine has {inputs} and {output_ranks}\n  Compile the model again"
        )
    return expressions


def _check(inputs: Sequence[torch.Tensor], facts: _Facts) -> None:
    if len(inputs) != len(facts.input_names):
        raise InputError(
            f"the engine takes {len(facts.input_names)} inputs {list(facts.input_names)}, got {len(inputs)}"
        )
    for position, (tensor, name, dtype, shape) in enumerate(
        zip(inputs, facts.input_names, facts.input_dtypes, facts.input_shapes, strict=False)
    ):
        if tensor.is_meta and not isinstance(tensor, FakeTensor):
            raise InputError(
                f"Input '{name}' (argument {position}): engine runs on {facts.device}, got a tensor on "
                f"{tensor.device}, which has no values. Move it: .to('{facts.device}')."
            )
        if tensor.dtype != dtype:
            raise InputError(
                f"Input '{name}' (argument {position}): engine expects {_word(dtype)}, "
                f"got {_word(tensor.dtype)}. Cast it, or rebuild with dtype={tensor.dtype}."
            )
        if tensor.dim() != len(shape):
            raise InputError(
                f"Input '{name}' (argument {position}): engine expects {len(shape)} axes, "
                f"got {list(tensor.shape)}."
            )


def _word(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _output_sizes(engine: Any, inputs: Sequence[torch.Tensor], facts: _Facts) -> list[list[Any]]:
    """The best known sizes: stored expressions, the engine's own inference, what is fixed in the engine."""
    fixed = [[size if size >= 0 else None for size in shape] for shape in facts.output_shapes]
    if facts.expressions is not None:
        found = facts.expressions([tensor.shape for tensor in inputs])
        return [
            [own if own is not None else size for own, size in zip(*pair, strict=False)]
            for pair in zip(fixed, found, strict=False)
        ]
    if all(size is not None for shape in fixed for size in shape):
        return fixed
    shapes = [list(tensor.shape) for tensor in inputs]
    if not all(type(size) is int for shape in shapes for size in shape):
        return fixed
    try:
        with _disable_current_modes():
            return [list(tensor.shape) for tensor in engine.infer_outputs(shapes)]
    except RuntimeError:  # values decide, not sizes
        return fixed


def execute_engine_fake(inputs: Sequence[torch.Tensor], engine: Any) -> list[torch.Tensor]:
    """Outputs of the right type and device; sizes nobody can tell from the inputs' are new symbols."""
    facts = _facts(engine.bindings_json(), engine.get_serialized_metadata())
    _check(inputs, facts)
    sizes = [
        [torch.library.get_ctx().new_dynamic_size() if size is None else size for size in shape]
        for shape in _output_sizes(engine, inputs, facts)
    ]
    return [
        torch.empty(shape, dtype=dtype, device=facts.device)
        for shape, dtype in zip(sizes, facts.output_dtypes, strict=False)
    ]


def register() -> None:
    """Once, when the package is imported."""
    torch.library.register_fake("tensorrt::execute_engine", execute_engine_fake)


register()
