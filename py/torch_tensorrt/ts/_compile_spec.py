"""The user's arguments as a request of the C++ compiler."""

import warnings
from collections.abc import Collection, Sequence
from typing import Any

import torch

from torch_tensorrt import _C
from torch_tensorrt._Device import Device
from torch_tensorrt._enums import DeviceType, EngineCapability, dtype
from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input


class TorchScriptInput(Input):
    """An Input of the TorchScript front end; the same as `torch_tensorrt.Input`."""


class TorchScriptDevice(Device):
    """A Device of the TorchScript front end; the same as `torch_tensorrt.Device`."""


def _is_shape(value: Any) -> bool:
    return isinstance(value, (tuple, list, torch.Size)) and all(isinstance(size, int) for size in value)


def _to_input(value: Any, position: int) -> Input:
    if isinstance(value, Input):
        return value
    if isinstance(value, torch.Tensor):
        return Input.from_tensor(value, disable_memory_format_check=True)
    if _is_shape(value):
        return Input(shape=tuple(value))
    raise InputError(
        f"input {position} is a {type(value).__name__}\n"
        "  Expected torch_tensorrt.Input, an example tensor, or a shape\n"
        "  Numbers and strings cannot be inputs of an engine: give them default values in forward()."
    )


def _to_internal(value: Input) -> Any:
    """The Input of the C++ half."""
    shape = value.shape
    fields = ("min_shape", "opt_shape", "max_shape")
    shapes = [list(shape[field] if isinstance(shape, dict) else shape) for field in fields]
    declared = value.dtype != dtype.unknown
    name = str(value.dtype.to(torch.dtype)).removeprefix("torch.") if declared else "float32"
    return _C.Input(*shapes, dtype=name, declared=declared, name=value.name)


def _flatten(value: Any, expected: Any, flat: list[Any], lengths: list[int]) -> None:
    """Leaves of a nested signature in order, and the length of every list, along the types of forward()."""
    kind = expected.kind() if expected is not None else ""
    if isinstance(value, (tuple, list)) and not _is_shape(value):
        if kind == "ListType":
            lengths.append(len(value))
        elements = expected.elements() if kind == "TupleType" else [_element(expected)] * len(value)
        if len(elements) != len(value):
            raise InputError(
                f"input_signature gives a tuple of {len(value)}, forward() takes {len(elements)}"
            )
        for item, element in zip(value, elements, strict=True):
            _flatten(item, element, flat, lengths)
    else:
        flat.append(value)


def _element(expected: Any) -> Any:
    return expected.getElementType() if expected is not None and expected.kind() == "ListType" else None


def _flat_inputs(inputs: Any, input_signature: Any, schema: Any) -> tuple[list[Input], list[int]]:
    if inputs is not None and input_signature is not None:
        raise InputError("inputs and input_signature are two ways to say one thing; give one of them")
    if inputs is None and input_signature is None:
        raise InputError("no inputs were given\n  Pass inputs=[torch_tensorrt.Input(shape, dtype=...), ...]")
    flat: list[Any] = []
    lengths: list[int] = []
    if input_signature is None:
        if not isinstance(inputs, (list, tuple)):
            raise InputError(
                f"inputs is a list of torch_tensorrt.Input or tensors, got {type(inputs).__name__}"
            )
        flat = list(inputs)
    else:
        arguments = [argument.type for argument in schema.arguments[1:]] if schema is not None else []
        signature = input_signature if isinstance(input_signature, (list, tuple)) else (input_signature,)
        for position, value in enumerate(signature):
            _flatten(value, arguments[position] if position < len(arguments) else None, flat, lengths)
    return [_to_input(value, position) for position, value in enumerate(flat)], lengths


def _precisions(enabled_precisions: Collection[Any] | None) -> list[str]:
    """Names; anything but float32 gets one warning, since precision comes from the model."""
    if not enabled_precisions:
        return ["float32"]
    names = sorted(str(dtype._from(p).to(torch.dtype)).removeprefix("torch.") for p in enabled_precisions)
    if set(names) != {"float32"}:
        warnings.warn(
            f"enabled_precisions={{{', '.join(names)}}} has no effect: the network is strongly typed and "
            "precision comes from the model. Use model.half(), model.to(torch.bfloat16), or autocast before "
            "scripting.",
            UserWarning,
            stacklevel=5,
        )
    return names


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, (bool, int)) or value is None:
        return bool(value)
    raise TypeError(f"{name} is True or False, got {value!r}")


def _set_device(request: Any, device: Any) -> None:
    device = Device._from(device) if device is not None else Device._current_device()
    if device.device_type == DeviceType.DLA:
        request.set_device("dla", device.gpu_id, device.dla_core, device.allow_gpu_fallback)
    else:
        request.set_device(
            "gpu" if device.device_type == DeviceType.GPU else "cpu", max(device.gpu_id, 0), -1, False
        )


_PLAIN = (
    "disable_tf32",
    "sparse_weights",
    "refit",
    "debug",
    "allow_shape_tensors",
    "num_avg_timing_iters",
    "workspace_size",
    "dla_sram_size",
    "dla_local_dram_size",
    "dla_global_dram_size",
)


def request_of(settings: dict[str, Any], schema: Any = None) -> Any:
    """The request for these settings, by the names of `compile`."""
    request = _C.ts.CompileSpec()
    flat, lengths = _flat_inputs(settings.get("inputs"), settings.get("input_signature"), schema)
    request.inputs = [_to_internal(value) for value in flat]
    request.list_lengths = lengths
    request.enabled_precisions = _precisions(settings.get("enabled_precisions"))
    request.truncate_long_and_double = _flag(
        "truncate_long_and_double", settings.get("truncate_long_and_double", False)
    )
    for name in _PLAIN:
        if name in settings:
            setattr(request, name, settings[name])
    request.set_capability(_capability(settings.get("capability", EngineCapability.STANDARD)))
    _set_device(request, settings.get("device"))
    request.require_full_compilation = bool(settings.get("require_full_compilation", False))
    request.min_block_size = int(settings.get("min_block_size", 3))
    request.torch_executed_ops = _names(settings.get("torch_executed_ops"))
    request.torch_executed_modules = _names(settings.get("torch_executed_modules"))
    return request


def _capability(value: Any) -> int:
    order = (EngineCapability.STANDARD, EngineCapability.SAFETY, EngineCapability.DLA_STANDALONE)
    return order.index(EngineCapability._from(value))


def _names(values: Sequence[Any] | None) -> list[str]:
    """Operators and modules by name; a class gives its qualified name."""
    return [f"{v.__module__}.{v.__qualname__}" if isinstance(v, type) else str(v) for v in values or ()]


def TensorRTCompileSpec(
    inputs: Sequence[Any] | None = None,
    input_signature: Any | None = None,
    device: Any = None,
    disable_tf32: bool = False,
    sparse_weights: bool = False,
    enabled_precisions: Collection[Any] | None = None,
    refit: bool = False,
    debug: bool = False,
    capability: EngineCapability = EngineCapability.STANDARD,
    num_avg_timing_iters: int = 1,
    workspace_size: int = 0,
    dla_sram_size: int = 1048576,
    dla_local_dram_size: int = 1073741824,
    dla_global_dram_size: int = 536870912,
    truncate_long_and_double: bool = False,
    allow_shape_tensors: bool = False,
) -> Any:
    """The settings of one method for `torch._C._jit_to_backend("tensorrt", module, {"forward": spec})`.

    Arguments are those of `torch_tensorrt.ts.compile`.
    """
    settings = dict(locals())
    flat, lengths = _flat_inputs(inputs, input_signature, None)
    spec = torch.classes.tensorrt.CompileSpec()
    for value in flat:
        internal = _to_internal(value)
        spec._append_input(
            internal.min, internal.opt, internal.max, internal.dtype, internal.declared, value.name
        )
    spec._set_list_lengths(lengths)
    _precisions(enabled_precisions)
    for name in (*_PLAIN[:5], "truncate_long_and_double"):
        spec._set_flag(name, _flag(name, settings[name]))
    for name in _PLAIN[5:]:
        spec._set_number(name, int(settings[name]))
    return spec
