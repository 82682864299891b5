"""compile, convert_method_to_trt_engine and their companions."""

import warnings
from collections.abc import Collection, Sequence
from typing import Any

import torch

from torch_tensorrt import _C
from torch_tensorrt._Device import Device
from torch_tensorrt._enums import EngineCapability
from torch_tensorrt._errors import InputError
from torch_tensorrt.ts._compile_spec import request_of
from torch_tensorrt.ts._report import remember

_DEVICE = Device._current_device()


def _scripted(module: Any) -> torch.jit.ScriptModule:
    if isinstance(module, torch.jit.ScriptModule):
        return module
    if isinstance(module, torch.nn.Module):
        return torch.jit.script(module)
    if isinstance(module, torch.jit.ScriptFunction):
        raise InputError("a script function has no weights to compile; wrap it in a torch.nn.Module")
    raise InputError(f"a ScriptModule is expected, got {type(module).__module__}.{type(module).__qualname__}")


def _method(module: torch.jit.ScriptModule, name: str) -> Any:
    if not module._c._has_method(name):
        raise InputError(
            f"the module has no method {name!r}\n  Export it with @torch.jit.export, or name another one"
        )
    return module._c._get_method(name)


def compile(
    module: torch.jit.ScriptModule,
    inputs: Sequence[Any] | None = None,
    input_signature: Any | None = None,
    device: Any = _DEVICE,
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
    require_full_compilation: bool = False,
    min_block_size: int = 3,
    torch_executed_ops: Sequence[str] | None = None,
    torch_executed_modules: Sequence[str] | None = None,
    allow_shape_tensors: bool = False,
) -> torch.jit.ScriptModule:
    """A ScriptModule with the same forward whose convertible parts run as engines.

    Takes and returns the types that the module has in PyTorch. `dtype_report` of the result says what became
    of int64 and float64 values; `fallbacks` lists the operators that stay in PyTorch, each with its reason.

    Arguments:
        inputs: `Input`s or example tensors, one for each tensor argument; `input_signature` instead nests
            them in the tuples and lists that forward takes.
        truncate_long_and_double: permits int64 and float64 values to be narrowed where that is not proved
            to change nothing.
        require_full_compilation: nothing may stay in PyTorch.
        min_block_size: fewest operators that are worth an engine.
        torch_executed_ops, torch_executed_modules: names of operators and classes that stay in PyTorch.
        refit: weights of the engines can be exchanged. debug: engines tell all about their layers.
        workspace_size: most bytes of scratch memory of an engine; 0 leaves it to the engine.
        dla_sram_size, dla_local_dram_size, dla_global_dram_size: bytes, for DLA only.
        enabled_precisions: no effect; precision comes from the model.

    Raises InputError (inputs that do not fit), UnsupportedOperatorError, UnsupportedDtypeError,
    DtypeContractError and Int64RangeError.
    """
    settings = dict(locals())
    warnings.warn(
        "torch_tensorrt.ts.compile is deprecated: use ir='dynamo', since TorchScript itself no longer grows.",
        DeprecationWarning,
        stacklevel=2,
    )
    if require_full_compilation and (torch_executed_ops or torch_executed_modules):
        raise InputError(
            "require_full_compilation=True leaves nothing to torch_executed_ops and torch_executed_modules\n"
            "  Drop one of them"
        )
    scripted = _scripted(settings.pop("module"))
    request = request_of(settings, _method(scripted, "forward").schema)
    compiled, report, fallbacks = _C.ts.compile_graph(scripted._c, request)
    result = torch.jit._recursive.wrap_cpp_module(compiled)
    result.dtype_report = remember(report)
    result.fallbacks = tuple(fallbacks)
    return result


def convert_method_to_trt_engine(
    module: torch.jit.ScriptModule,
    method_name: str = "forward",
    inputs: Sequence[Any] | None = None,
    device: Any = _DEVICE,
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
) -> bytes:
    """One method as a serialised engine.

    Its bindings have the declared types (float32 for float64) and are named after the arguments; outputs are
    output0, output1, ... `last_dtype_report()` says what was narrowed. Arguments and errors are those of
    `compile`; nothing can stay in PyTorch.
    """
    settings = dict(locals())
    scripted = _scripted(settings.pop("module"))
    request = request_of(settings, _method(scripted, method_name).schema)
    engine, _, _, report = _C.ts.convert_graph_to_trt_engine(scripted._c, method_name, request)
    remember(report)
    return engine


def check_method_op_support(module: torch.jit.ScriptModule, method_name: str = "forward") -> bool:
    """Whether every operator of the method has a converter; those without are logged."""
    scripted = _scripted(module)
    _method(scripted, method_name)
    return _C.ts.check_method_op_support(scripted._c, method_name)


def embed_engine_in_new_module(
    serialized_engine: bytes,
    input_binding_names: Sequence[str] | None = None,
    output_binding_names: Sequence[str] | None = None,
    device: Any = _DEVICE,
) -> torch.jit.ScriptModule:
    """A ScriptModule that runs the engine, its arguments and results in the order of the names.

    Without names their order is the engine's own.
    """
    if device is not None:
        Device._from(device)  # refuses what is no device; the engine runs on the device of its inputs
    module = _C.ts.embed_engine_in_new_module(
        serialized_engine, list(input_binding_names or ()), list(output_binding_names or ())
    )
    return torch.jit._recursive.wrap_cpp_module(module)
