"""The entry functions: each finds the front end for a module and hands over. Front ends load on first use."""

import warnings
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Any

import torch

from torch_tensorrt._errors import InputConflictError, InputError
from torch_tensorrt._features import needs_cross_compile, needs_fx_frontend, needs_torchscript_frontend

__all__ = [
    "compile",
    "convert_method_to_trt_engine",
    "cross_compile_for_windows",
    "load",
    "load_cross_compiled_exported_program",
    "save",
]


class _ModuleType(Enum):
    """Kinds of module that can be compiled."""

    nn = 0
    ts = 1
    fx = 2
    ep = 3


class _IRType(Enum):
    """Front ends."""

    ts = 0
    fx = 1
    dynamo = 2
    torch_compile = 3


_IR_NAMES = {
    "dynamo": _IRType.dynamo,
    "torch_compile": _IRType.torch_compile,
    "ts": _IRType.ts,
    "torchscript": _IRType.ts,
    "fx": _IRType.fx,
}


def _parse_module_type(module: Any) -> _ModuleType:
    """What kind of module it is; raises for anything else."""
    if isinstance(module, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        return _ModuleType.ts
    if isinstance(module, torch.fx.GraphModule):
        return _ModuleType.fx
    if isinstance(module, torch.export.ExportedProgram):
        return _ModuleType.ep
    if isinstance(module, torch.nn.Module):
        return _ModuleType.nn
    raise InputError(
        f"a module to compile is a torch.nn.Module, torch.fx.GraphModule, torch.export.ExportedProgram or "
        f"torch.jit.ScriptModule; got {type(module).__module__}.{type(module).__qualname__}"
    )


def _target(ir: str, kind: _ModuleType) -> _IRType:
    """The front end for a module of this kind under the user's `ir`."""
    if ir == "default" and kind == _ModuleType.ts:
        warnings.warn(
            "The module is TorchScript and ir was not given: ir='ts' is taken. Give it to silence this.",
            stacklevel=3,
        )
        return _IRType.ts
    if ir == "default":
        return _IRType.dynamo
    if ir not in _IR_NAMES:
        raise InputError(f"ir is one of default, {', '.join(_IR_NAMES)}; got {ir!r}")
    target = _IR_NAMES[ir]
    if kind == _ModuleType.ts and target != _IRType.ts:
        raise InputError(
            f"ir={ir!r} cannot compile a TorchScript module: its Python source is gone\n"
            "  Pass the original torch.nn.Module, or ir='ts'"
        )
    if kind == _ModuleType.ep and target not in (_IRType.dynamo,):
        raise InputError(f"ir={ir!r} cannot compile a torch.export.ExportedProgram; use ir='dynamo'")
    return target


def _positional(inputs: Sequence[Any] | None, arg_inputs: Sequence[Any] | None) -> Sequence[Any] | None:
    if inputs is not None and arg_inputs is not None:
        raise InputConflictError("inputs and arg_inputs are two names for one argument; give one of them")
    return arg_inputs if inputs is None else inputs


def _require_inputs(positional: Any, kwarg_inputs: Any) -> None:
    if positional is None and kwarg_inputs is None:
        raise InputConflictError(
            "no inputs were given: pass inputs (or arg_inputs), kwarg_inputs, or both\n"
            "  For a module without arguments: inputs=[]"
        )


def _no_kwarg_inputs(kwarg_inputs: dict[Any, Any] | None, ir: str) -> None:
    if kwarg_inputs:
        raise InputError(f"ir={ir!r} takes no kwarg_inputs; pass them in order as inputs, or use ir='dynamo'")


def _precisions(enabled_precisions: Collection[Any] | None) -> dict[str, Any]:
    """Handed on only where the user gave them: front ends say that they have no effect."""
    return {} if enabled_precisions is None else {"enabled_precisions": enabled_precisions}


def _scripted(module: Any, kind: _ModuleType) -> Any:
    return module if kind == _ModuleType.ts else torch.jit.script(module)


def _trace(
    module: Any, kind: _ModuleType, positional: Any, kwarg_inputs: Any, settings: dict[str, Any]
) -> tuple[torch.export.ExportedProgram, Any, Any]:
    """The exported program, and the inputs as torch_tensorrt.Input."""
    from torch_tensorrt.dynamo import trace
    from torch_tensorrt.dynamo.utils import prepare_inputs

    if kind != _ModuleType.ep:
        _require_inputs(positional, kwarg_inputs)
    args = None if positional is None else prepare_inputs(positional)
    kwargs = None if kwarg_inputs is None else prepare_inputs(kwarg_inputs)
    if kind == _ModuleType.ep:
        return module, args, kwargs
    return (
        trace(module, arg_inputs=() if args is None else args, kwarg_inputs=kwargs, **settings),
        args,
        kwargs,
    )


def compile(
    module: Any,
    ir: str = "default",
    inputs: Sequence[Any] | None = None,
    arg_inputs: Sequence[Sequence[Any]] | None = None,
    kwarg_inputs: dict[Any, Any] | None = None,
    enabled_precisions: Collection[Any] | None = None,
    **kwargs: Any,
) -> Any:
    """Compiles a module: as much of it as can be becomes TensorRT engines, the rest stays PyTorch.

    `ir`: default, dynamo (torch.export), torch_compile (at the first call), ts (TorchScript). `inputs` (or
    `arg_inputs`) and `kwarg_inputs` are tensors, numbers, `Input`s or nested containers of them. `kwargs` are
    the settings of the front end: `torch_tensorrt.dynamo.CompilationSettings`, `torch_tensorrt.ts.compile`.
    `enabled_precisions` has no effect: networks are strongly typed, precision comes from the model.

    The result takes and returns what the module does in eager PyTorch: same shapes, types and device. Raises
    InputError for inputs that do not fit the module, UnsupportedOperatorError for what must be in an engine
    and has no converter, UnsupportedDtypeError, DtypeContractError and Int64RangeError for types and values
    that an engine cannot keep; all are `torch_tensorrt._errors.TorchTensorRTError`.
    """
    kind = _parse_module_type(module)
    target = _target(ir, kind)
    positional = _positional(inputs, arg_inputs)
    if target == _IRType.ts:
        _no_kwarg_inputs(kwarg_inputs, ir)
        return _compile_ts(_scripted(module, kind), positional, **_precisions(enabled_precisions), **kwargs)
    if target == _IRType.fx:
        return _compile_fx(module)
    settings = {**_precisions(enabled_precisions), **kwargs}
    if target == _IRType.torch_compile:
        return _torch_compile(module, settings)
    return _compile_dynamo(module, kind, positional, kwarg_inputs, settings)


def _compile_dynamo(
    module: Any, kind: _ModuleType, positional: Any, kwarg_inputs: Any, settings: dict[str, Any]
) -> Any:
    from torch_tensorrt.dynamo import compile as dynamo_compile

    program, args, kwargs = _trace(module, kind, positional, kwarg_inputs, settings)
    return dynamo_compile(program, arg_inputs=args, kwarg_inputs=kwargs, **settings)


def _torch_compile(module: Any, options: dict[str, Any]) -> Any:
    from torch_tensorrt.dynamo.backend import torch_tensorrt_backend

    return torch.compile(module, backend=torch_tensorrt_backend, dynamic=False, options=options)


@needs_torchscript_frontend
def _compile_ts(module: Any, positional: Any, **settings: Any) -> Any:
    from torch_tensorrt.ts import compile as ts_compile

    return ts_compile(module, inputs=positional, **settings)


@needs_fx_frontend
def _compile_fx(module: Any) -> Any:
    raise AssertionError("guarded by needs_fx_frontend")


def convert_method_to_trt_engine(
    module: Any,
    method_name: str = "forward",
    inputs: Sequence[Any] | None = None,
    arg_inputs: Sequence[Sequence[Any]] | None = None,
    kwarg_inputs: dict[Any, Any] | None = None,
    ir: str = "default",
    enabled_precisions: Collection[Any] | None = None,
    **kwargs: Any,
) -> bytes:
    """The method as the bytes of one TensorRT engine; bindings have the declared types. `ir`: ts, dynamo.

    Arguments and errors are those of `compile`; what has no converter is an UnsupportedOperatorError, since
    nothing can stay in PyTorch.
    """
    kind = _parse_module_type(module)
    target = _target(ir, kind)
    positional = _positional(inputs, arg_inputs)
    settings = {**_precisions(enabled_precisions), **kwargs}
    if target == _IRType.ts:
        _no_kwarg_inputs(kwarg_inputs, ir)
        return _convert_ts(_scripted(module, kind), method_name, positional, **settings)
    if target != _IRType.dynamo:
        raise InputError(f"ir={ir!r} makes no single engine; use ir='dynamo' or ir='ts'")
    if method_name != "forward":
        raise InputError(
            f"ir='dynamo' converts forward, got method_name={method_name!r}; use ir='ts' for another method"
        )
    return _convert_dynamo(module, kind, positional, kwarg_inputs, settings)


def _convert_dynamo(
    module: Any, kind: _ModuleType, positional: Any, kwarg_inputs: Any, settings: dict[str, Any]
) -> bytes:
    from torch_tensorrt.dynamo import convert_exported_program_to_serialized_trt_engine as convert

    program, args, kwargs = _trace(module, kind, positional, kwarg_inputs, settings)
    return convert(program, arg_inputs=args, kwarg_inputs=kwargs, **settings)


@needs_torchscript_frontend
def _convert_ts(module: Any, method_name: str, positional: Any, **settings: Any) -> bytes:
    from torch_tensorrt.ts import convert_method_to_trt_engine as convert

    return convert(module, method_name, inputs=positional, **settings)


@needs_cross_compile
def cross_compile_for_windows(
    module: torch.nn.Module,
    file_path: str,
    inputs: Sequence[Any] | None = None,
    arg_inputs: Sequence[Sequence[Any]] | None = None,
    kwarg_inputs: dict[Any, Any] | None = None,
    enabled_precisions: Collection[Any] | None = None,
    **kwargs: Any,
) -> None:
    """Compiles on Linux for Windows and saves the program. Needs NVIDIA's Windows builder library."""


@needs_cross_compile
def load_cross_compiled_exported_program(file_path: str = "") -> Any:
    """Loads what `cross_compile_for_windows` has saved."""


def save(
    module: Any,
    file_path: str = "",
    *,
    extra_files: dict[str, str] | None = None,
    output_format: str = "exported_program",
    inputs: Sequence[Any] | None = None,
    arg_inputs: Sequence[Any] | None = None,
    kwarg_inputs: dict[str, Any] | None = None,
    retrace: bool = True,
    use_legacy_exporter: bool | None = None,
    pickle_protocol: int = 2,
    dynamic_shapes: Any | None = None,
    **kwargs: Any,
) -> None:
    """Saves a compiled module; the file appears whole or not at all.

    `output_format`: exported_program (torch.export's archive), torchscript, or aot_inductor (a package for
    C++). `inputs` (or `arg_inputs`) and `kwarg_inputs` are examples or `Input`s; without them those that the
    module was compiled with are taken. Axes that were dynamic at compilation stay dynamic, unless
    `dynamic_shapes` (as torch.export takes them) says otherwise. `extra_files`: name -> text, kept in the
    file. `retrace` and `use_legacy_exporter` are accepted and change nothing. Raises InputError for arguments
    that do not go together, for what is not compiled, and for a folder that is not there.
    """
    from torch_tensorrt._save import save as save_module

    save_module(
        module,
        file_path,
        extra_files=extra_files,
        output_format=output_format,
        inputs=inputs,
        arg_inputs=arg_inputs,
        kwarg_inputs=kwarg_inputs,
        retrace=retrace,
        use_legacy_exporter=use_legacy_exporter,
        pickle_protocol=pickle_protocol,
        dynamic_shapes=dynamic_shapes,
        **kwargs,
    )


def load(
    file_path: str = "",
    extra_files: dict[str, Any] | None = None,
    *,
    format: str | None = None,
    **kwargs: Any,
) -> Any:
    """Loads what `save` has written: an ExportedProgram (call `.module()` on it) or a ScriptModule.

    `format`: exported_program or torchscript to try only that. `extra_files`: names, to be filled with what
    the file has under them. Raises FileNotFoundError, and InputError for a file that is neither.
    """
    from torch_tensorrt._save import load as load_module

    return load_module(file_path, extra_files, format=format, **kwargs)
