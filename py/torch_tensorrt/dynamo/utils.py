"""Helpers that tests and user code import: inputs as specs and tensors, comparison, devices, option
parsing.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch.torch_version import TorchVersion

from torch_tensorrt._Device import Device
from torch_tensorrt._enums import dtype
from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo._settings import CompilationSettings, settings_from
from torch_tensorrt.dynamo.partitioning._ranges import finite

logger = logging.getLogger(__name__)

COSINE_THRESHOLD = 0.99
DYNAMIC_DIM = -1
RTOL = 5e-3
ATOL = 5e-3
CPU_DEVICE = "cpu"


def prepare_inputs(inputs: Any, disable_memory_format_checks: bool = False) -> Any:
    """Tensors, numbers and Inputs in nested containers, each as an Input; the containers stay."""
    if inputs is None or isinstance(inputs, Input):
        return inputs
    if isinstance(inputs, torch.Tensor):
        return Input.from_tensor(inputs, disable_memory_format_check=disable_memory_format_checks)
    if isinstance(inputs, (bool, int, float)):
        # A number stays what it is: export makes it part of the graph.
        return inputs
    if isinstance(inputs, (list, tuple)) and not isinstance(inputs, torch.Size):
        made = [prepare_inputs(i, disable_memory_format_checks) for i in inputs]
        return made if isinstance(inputs, list) else tuple(made)
    if isinstance(inputs, dict):
        return {k: prepare_inputs(v, disable_memory_format_checks) for k, v in inputs.items()}
    raise InputError(
        f"An input is a {type(inputs).__name__}\n"
        "  expected a tensor, a number, a torch_tensorrt.Input or a container of them"
    )


def get_torch_inputs(inputs: Any, device: Any = None, mode: str = "") -> Any:
    """Example tensors of Inputs, on a device; `mode` picks min_shape, opt_shape or max_shape."""
    place = to_torch_device(device)
    if isinstance(inputs, dict):
        return {k: get_torch_inputs(v, place, mode) for k, v in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        made = [get_torch_inputs(i, place, mode) for i in inputs]
        return made if isinstance(inputs, list) else tuple(made)
    if isinstance(inputs, Input):
        if mode and input_is_dynamic(inputs):
            return inputs.example_tensor(mode).to(place)
        return inputs.torch_tensor.to(place)
    return inputs.to(place) if isinstance(inputs, torch.Tensor) else inputs


def input_is_dynamic(given: Input) -> bool:
    """Whether an Input has a range of shapes."""
    return given.shape_mode == Input._ShapeMode.DYNAMIC


def to_torch_device(device: Any) -> torch.device:
    """A torch.device of whatever names one; None: where engines run."""
    if isinstance(device, torch.device):
        return device
    return Device._from(device).to(torch.device)


def to_torch_tensorrt_device(device: Any) -> Device:
    """A Device of whatever names one."""
    return Device._from(device)


def get_model_device(module: torch.nn.Module) -> torch.device:
    """The device of a module's first parameter or buffer; where engines run if it has none."""
    for tensor in (*module.parameters(), *module.buffers()):
        return tensor.device
    return to_torch_device(None)


def cosine_similarity(gt_tensor: torch.Tensor, pred_tensor: torch.Tensor) -> float:
    """Cosine of the angle between two tensors, taken as vectors of float32."""
    x, y = gt_tensor.flatten().to(torch.float32), pred_tensor.flatten().to(torch.float32)
    if torch.sum(x) == 0.0 or torch.sum(y) == 0.0:
        return 1.0 if torch.allclose(x, y, atol=1e-4, rtol=1e-4, equal_nan=True) else 0.0
    return float(torch.nn.functional.cosine_similarity(x, y, dim=0, eps=1e-6))


def check_output_equal(output1: Any, output2: Any, rtol: float = RTOL, atol: float = ATOL) -> bool:
    """Whether two nested results are equal within tolerances."""
    if type(output1) is not type(output2):
        return False
    if isinstance(output1, torch.Tensor):
        return output1.shape == output2.shape and bool(torch.allclose(output1, output2, rtol, atol))
    if isinstance(output1, (tuple, list)):
        return len(output1) == len(output2) and all(
            check_output_equal(a, b, rtol, atol) for a, b in zip(output1, output2, strict=False)
        )
    if isinstance(output1, dict):
        return output1.keys() == output2.keys() and all(
            check_output_equal(output1[k], output2[k], rtol, atol) for k in output1
        )
    return bool(output1 == output2)


def extract_var_range_info(symbolic_integer: torch.SymInt) -> dict[str, int]:
    """{"min", "max"} (and "opt" where export saw an example) of a symbolic length."""
    env, expr = symbolic_integer.node.shape_env, symbolic_integer.node.expr
    bounds = env.bound_sympy(expr)
    info = {"min": finite(bounds.lower, 0), "max": finite(bounds.upper, 2**63 - 1)}
    hint = symbolic_integer.node.hint
    return {**info, "opt": int(hint)} if hint is not None else info


def parse_dynamo_kwargs(kwargs: Any) -> tuple[CompilationSettings, Any]:
    """Settings from the keyword arguments that torch.compile hands to a backend, and the engine cache (none
    yet).
    """
    options = dict(kwargs.get("options", kwargs) or {})
    for name in ("mode", "fullgraph", "dynamic"):
        options.pop(name, None)
    settings = options.pop("settings", None) or settings_from(options)
    if settings.require_full_compilation:
        logger.warning("require_full_compilation has no effect with torch.compile; use ir='dynamo'")
        settings.require_full_compilation = False
    settings.strip_engine_weights = False
    return settings, None


def unified_dtype_converter(given: Any, to: Any) -> Any:
    """A type of torch, TensorRT, numpy or ours as its twin elsewhere."""
    return dtype._from(given).to(to)


def set_log_level(parent_logger: Any, level: Any) -> None:
    """Sets the level of the package's log."""
    from torch_tensorrt import logging as package_logging

    package_logging.set_level(level)


def req_torch_version(min_torch_version: str = "2.dev") -> Any:
    """Decorator: a function that needs at least this torch."""

    def decorate(function: Any) -> Any:
        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if TorchVersion(torch.__version__) < min_torch_version:
                raise RuntimeError(
                    f"{function.__name__} needs torch {min_torch_version}, this is {torch.__version__}"
                )
            return function(*args, **kwargs)

        return checked

    return decorate


def get_flat_args_with_check(
    exported_program: Any, args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], Any]:
    """Arguments of a program in the order of its placeholders."""
    flat, spec = torch.utils._pytree.tree_flatten((tuple(args), kwargs))
    return flat, spec


def get_output_dtypes(output: Any, truncate_double: bool = False) -> list[dtype]:
    """Types of an output node's tensors."""
    found = []
    for node in torch.utils._pytree.tree_leaves(output):
        value = node.meta["val"] if isinstance(node, torch.fx.Node) else node
        if isinstance(value, torch.Tensor):
            narrow = truncate_double and value.dtype is torch.float64
            found.append(dtype._from(torch.float32 if narrow else value.dtype))
        elif isinstance(value, (int, torch.SymInt)):
            found.append(dtype.i64)
    return found
