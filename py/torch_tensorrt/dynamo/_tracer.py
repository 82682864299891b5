"""From a module and Inputs to an exported program: dynamic lengths become torch.export.Dims."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch._dynamo.exc import UserError
from torch.export import Dim, ExportedProgram, export
from torch.nn.attention import SDPBackend, sdpa_kernel

from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo.utils import get_model_device, input_is_dynamic, prepare_inputs

logger = logging.getLogger(__name__)


def trace(
    mod: torch.nn.Module | torch.fx.GraphModule,
    inputs: Sequence[Any] | None = None,
    *,
    arg_inputs: Sequence[Any] | None = None,
    kwarg_inputs: dict[str, Any] | None = None,
    **kwargs: Any,
) -> ExportedProgram:
    """Exports a module for inputs given as tensors, numbers or Inputs; a range of shapes becomes a dynamic
    length.

    `strict` (False) is torch.export's. Lengths are named `<input name>_<axis>`; unnamed inputs of equal
    ranges share them.
    """
    if inputs is not None and arg_inputs is not None:
        raise InputError("inputs and arg_inputs are two names for one argument\n  To go on: give one of them")
    positional = prepare_inputs(arg_inputs if arg_inputs is not None else inputs)
    given = () if positional is None else _tuple_of(positional)
    named = prepare_inputs(kwarg_inputs or {})
    device = get_model_device(mod)
    _check_devices(mod, (given, named), device)
    arguments = tuple(_examples(given, device)), _examples(named, device)
    strict = kwargs.get("strict", False)
    dynamic = _dynamic_shapes(mod, given, named, _Shapes())
    try:
        return _export(mod, arguments, dynamic, strict)
    except UserError:
        # The model ties lengths together that have names of their own; equal ranges on one axis become one
        # length.
        tied = _dynamic_shapes(mod, given, named, _Shapes(tied=True))
        if dynamic is None or _names(tied) == _names(dynamic):
            raise
        program = _export(mod, arguments, tied, strict)
    logger.info("The model needs equal lengths of several inputs; they are one length now: %s", _names(tied))
    return program


def _export(
    mod: torch.nn.Module, arguments: tuple[Any, Any], dynamic: dict[str, Any] | None, strict: bool
) -> ExportedProgram:
    """Attention is described as plain arithmetic: the kernels that PyTorch would take on CUDA restrict
    lengths (to multiples of 8), which engines do not need. The graph has the whole operator either way.
    """
    with sdpa_kernel(SDPBackend.MATH):
        return export(mod, *arguments, dynamic_shapes=dynamic, strict=strict)


def _dynamic_shapes(
    mod: torch.nn.Module, args: Any, kwargs: dict[str, Any], shapes: _Shapes
) -> dict[str, Any] | None:
    found = {
        **_by_parameter(mod, [shapes.of(i) for i in args]),
        **{k: shapes.of(v) for k, v in kwargs.items()},
    }
    return found if shapes.dims else None


def _names(dynamic: Any) -> list[str]:
    dims = torch.utils._pytree.tree_leaves(dynamic)
    return sorted({d.__name__ for d in dims if d is not None})


def get_dynamic_shapes_args(mod: torch.nn.Module, inputs: Any) -> dict[str, Any]:
    """torch.export's `dynamic_shapes` of positional Inputs, by the names of forward's parameters."""
    shapes = _Shapes()
    return _by_parameter(mod, [shapes.of(i) for i in _tuple_of(inputs)])


def get_dynamic_shapes_kwargs(inputs: Any) -> Any:
    """torch.export's `dynamic_shapes` of Inputs in a dict or another container."""
    return _Shapes().of(inputs)


def get_dynamic_shapes(input: Input) -> dict[int, Any]:
    """{axis: Dim} of one Input."""
    return _Shapes().of(input) or {}


class _Shapes:
    """Dims by name: equal names and ranges are one Dim."""

    def __init__(self, tied: bool = False) -> None:
        self.dims: dict[str, tuple[Any, tuple[int, int, int]]] = {}
        self.tied = tied
        """Names of inputs do not tell lengths apart, only axis and range do."""

    def of(self, given: Any) -> Any:
        """`dynamic_shapes` of one argument, in the structure of the argument."""
        if isinstance(given, Input):
            return self._input(given)
        if isinstance(given, dict):
            return {k: self.of(v) for k, v in given.items()}
        if isinstance(given, (list, tuple)):
            made = [self.of(v) for v in given]
            return made if isinstance(given, list) else tuple(made)
        return None

    def _input(self, given: Input) -> dict[int, Any]:
        if not input_is_dynamic(given):
            return {}
        ranges: Any = given.shape
        low, usual, high = (ranges[f] for f in ("min_shape", "opt_shape", "max_shape"))
        found = {}
        for axis, span in enumerate(zip(low, usual, high, strict=False)):
            if span[0] != span[2]:
                found[axis] = self._dim(self._name(given, axis), span)
        return found

    def _name(self, given: Input, axis: int) -> str:
        return given.shared_dims.get(axis) or f"{'' if self.tied else given.name}_{axis}"

    def _dim(self, name: str, span: tuple[int, int, int]) -> Any:
        while name in self.dims and self.dims[name][1] != span:
            name += "_"
        if name not in self.dims:
            self.dims[name] = (Dim(name, min=span[0], max=span[2]), span)
        return self.dims[name][0]


def _tuple_of(inputs: Any) -> tuple[Any, ...]:
    return tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)


def _by_parameter(mod: torch.nn.Module, shapes: list[Any]) -> dict[str, Any]:
    """Shapes by the names of forward's parameters; those of `*args` as one tuple."""
    found: dict[str, Any] = {}
    rest = list(shapes)
    for name, parameter in inspect.signature(mod.forward).parameters.items():
        if not rest:
            break
        if parameter.kind is parameter.VAR_POSITIONAL:
            found[name], rest = tuple(rest), []
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            found[name] = rest.pop(0)
    if rest:
        raise InputError(
            f"{len(shapes)} positional inputs were given\n"
            f"  expected {len(shapes) - len(rest)}: forward{inspect.signature(mod.forward)}"
        )
    return found


def _examples(given: Any, device: torch.device) -> Any:
    if isinstance(given, dict):
        return {k: _examples(v, device) for k, v in given.items()}
    if isinstance(given, (list, tuple)):
        made = [_examples(v, device) for v in given]
        return made if isinstance(given, list) else tuple(made)
    return _example(given).to(device) if isinstance(given, Input) else given


def _example(given: Input) -> torch.Tensor:
    """The Input's example; a dynamic length of 0 or 1, which export would take for constant, becomes a
    larger one.
    """
    example = given.torch_tensor
    if not input_is_dynamic(given) or given.is_shape_tensor:
        return example
    low, high = given.shape["min_shape"], given.shape["max_shape"]  # type: ignore[call-overload]
    shape = [b if a != b and n < 2 else n for n, a, b in zip(example.shape, low, high, strict=False)]
    if shape == list(example.shape):
        return example
    static = Input(shape=tuple(shape), dtype=given.dtype, tensor_domain=given.tensor_domain)
    return static.example_tensor()


def _check_devices(mod: torch.nn.Module, given: Any, device: torch.device) -> None:
    has_tensors = any(True for _ in mod.parameters()) or any(True for _ in mod.buffers())
    for spec in torch.utils._pytree.tree_leaves(given, is_leaf=lambda x: isinstance(x, Input)):
        example = spec._given_example if isinstance(spec, Input) else None
        if has_tensors and example is not None and example.device.type != device.type:
            raise InputError(
                f"Input '{spec.name or 'without a name'}' is on {example.device}, the module is on {device}\n"
                f"  at the call of torch_tensorrt.compile or trace\n"
                f"  expected all inputs where the parameters are\n"
                f"  To go on: .to('{device}') the input, or move the module"
            )
