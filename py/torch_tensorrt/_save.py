"""save and load: compiled modules as files that a new process runs after `import torch_tensorrt`."""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.fx import GraphModule

from torch_tensorrt import _fake_execute  # noqa: F401  (loading a program runs its operators on fake tensors)
from torch_tensorrt._errors import InputConflictError, InputError
from torch_tensorrt._Input import Input

_FORMATS = ("exported_program", "torchscript", "aot_inductor")


def save(
    module: Any,
    file_path: str = "",
    *,
    extra_files: Mapping[str, str] | None = None,
    output_format: str = "exported_program",
    inputs: Sequence[Any] | None = None,
    arg_inputs: Sequence[Any] | None = None,
    kwarg_inputs: Mapping[str, Any] | None = None,
    retrace: bool = True,
    use_legacy_exporter: bool | None = None,
    pickle_protocol: int = 2,
    dynamic_shapes: Any = None,
    **kwargs: Any,
) -> None:
    """See torch_tensorrt.save."""
    module = _unwrapped(module)
    _check(module, file_path, output_format, inputs, arg_inputs, kwargs)
    example = _Example(module, inputs if arg_inputs is None else arg_inputs, kwarg_inputs, dynamic_shapes)
    if use_legacy_exporter:
        retrace = False
    if output_format == "torchscript":
        scripted = _scripted(module, example)
        _write(file_path, lambda path: torch.jit.save(scripted, path, _extra_files=dict(extra_files or {})))
        return
    program = _exported(module, example, retrace)
    if output_format == "aot_inductor":
        _save_package(program, file_path, kwargs.get("inductor_configs"))
        return
    _write(
        file_path,
        lambda path: torch.export.save(
            program, path, extra_files=dict(extra_files or {}), pickle_protocol=pickle_protocol
        ),
        suffix=".pt2",
    )


def _unwrapped(module: Any) -> Any:
    """The compiled module inside a CudaGraphsTorchTensorRTModule."""
    inner = getattr(module, "compiled_module", None)
    return inner if isinstance(inner, torch.nn.Module) else module


def _check(
    module: Any, file_path: Any, output_format: str, inputs: Any, arg_inputs: Any, kwargs: Mapping[str, Any]
) -> None:
    if output_format not in _FORMATS:
        reason = " (executorch programs are not written yet)" if output_format == "executorch" else ""
        raise InputError(f"output_format is one of {', '.join(_FORMATS)}; got {output_format!r}{reason}")
    if not isinstance(
        module, (torch.jit.ScriptModule, torch.jit.ScriptFunction, GraphModule, torch.export.ExportedProgram)
    ):
        raise InputError(
            "save takes a compiled module (torch.fx.GraphModule, ExportedProgram or ScriptModule), "
            f"got {type(module).__qualname__}\n"
            "  Compile it first: torch_tensorrt.save(torch_tensorrt.compile(model, inputs=...), path)"
        )
    if not isinstance(file_path, (str, os.PathLike)) or not os.fspath(file_path):
        raise InputError(f"file_path is the path of the file to write, got {file_path!r}")
    _check_path(os.fspath(file_path), output_format)
    if inputs is not None and arg_inputs is not None:
        raise InputConflictError("inputs and arg_inputs are two names for one argument; give one of them")
    unknown = sorted(set(kwargs) - {"inductor_configs"})
    if unknown:
        raise TypeError(f"save() got an unexpected keyword argument {unknown[0]!r}")
    if isinstance(module, torch.jit.ScriptModule) and output_format != "torchscript":
        raise InputError(
            f"a ScriptModule cannot be saved as {output_format}: its Python source is gone\n"
            "  Use output_format='torchscript'"
        )


def _check_path(path: str, output_format: str) -> None:
    """What can be known before the work of exporting is done."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InputError(f"'{path}' cannot be written: there is no folder '{folder}'; make it first")
    if output_format == "aot_inductor" and not path.endswith(".pt2"):
        raise InputError(f"a package of aot_inductor is named *.pt2, got '{path}'")


class _Example:
    """What a module is exported or traced with."""

    def __init__(self, module: Any, args: Any, kwargs: Mapping[str, Any] | None, dynamic_shapes: Any) -> None:
        self.given = args is not None or bool(kwargs)
        self.specs: tuple[Any, ...] = () if args is None else _as_tuple(args)
        self.kwarg_specs = dict(kwargs or {})
        self.dynamic_shapes = dynamic_shapes
        self._module = module

    def tensors(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments to call the module with."""
        if self.given:
            return tuple(_example_of(spec) for spec in self.specs), _example_of(self.kwarg_specs)
        from torch_tensorrt.dynamo._exporter import compiled_inputs

        return compiled_inputs(self._module)


def _as_tuple(args: Any) -> tuple[Any, ...]:
    return tuple(args) if isinstance(args, (list, tuple)) else (args,)


def _example_of(spec: Any) -> Any:
    if isinstance(spec, Input):
        return spec.torch_tensor
    if isinstance(spec, Mapping):
        return {name: _example_of(item) for name, item in spec.items()}
    if isinstance(spec, (list, tuple)):
        return type(spec)(_example_of(item) for item in spec)
    return spec


def _scripted(module: Any, example: _Example) -> Any:
    if isinstance(module, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        return module
    if isinstance(module, torch.export.ExportedProgram):
        module = module.module()
    args, kwargs = example.tensors()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        if kwargs:
            return torch.jit.trace(module, example_kwarg_inputs=_by_name(module, args, kwargs))
        return torch.jit.trace(module, args)


def _by_name(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """torch.jit.trace takes either positions or names: all by the names of forward's parameters."""
    return {**dict(zip(inspect.signature(module.forward).parameters, args, strict=False)), **kwargs}


def _exported(module: Any, example: _Example, retrace: bool) -> torch.export.ExportedProgram:
    if isinstance(module, torch.export.ExportedProgram):
        return module
    from torch_tensorrt.dynamo._exporter import export

    return export(
        module,
        arg_inputs=example.specs if example.given else None,
        kwarg_inputs=example.kwarg_specs if example.given else None,
        dynamic_shapes=example.dynamic_shapes,
        use_legacy_exporter=not retrace,
    )


def _save_package(
    program: torch.export.ExportedProgram, file_path: str, configs: Mapping[str, Any] | None
) -> None:
    if not hasattr(torch, "_inductor") or os.name != "posix":
        raise InputError("output_format='aot_inductor' works on Linux only; use 'exported_program'")
    from torch._inductor import aoti_compile_and_package

    _write(
        file_path,
        lambda path: aoti_compile_and_package(
            program, package_path=path, inductor_configs=dict(configs or {})
        ),
        suffix=".pt2",
    )


def _write(file_path: Any, write: Callable[[str], Any], suffix: str = "") -> None:
    """Writes beside the file and renames: nobody sees half of it, and a failure leaves what was there."""
    path = os.path.abspath(os.fspath(file_path))
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(
        dir=folder, prefix=f".{os.path.basename(path)}.", suffix=suffix or ".tmp"
    )
    os.close(handle)
    try:
        write(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def load(
    file_path: str = "",
    extra_files: dict[str, Any] | None = None,
    *,
    format: str | None = None,
    **kwargs: Any,
) -> Any:
    """See torch_tensorrt.load."""
    if format is not None and format not in _READERS:
        reason = " (executorch programs cannot be loaded yet)" if format == "executorch" else ""
        raise InputError(f"format is one of {', '.join(_READERS)}; got {format!r}{reason}")
    if not os.path.isfile(file_path):
        raise FileNotFoundError(f"torch_tensorrt.load: there is no file '{file_path}'")
    reasons = []
    for name in [format] if format else _likely_formats(file_path):
        try:
            with _quiet_export():
                return _read(_READERS[name], file_path, extra_files, kwargs)
        except Exception as error:  # a door: any of torch's many exceptions means that it is not this format
            reasons.append(f"  as {name}: {type(error).__name__}: {_first_lines(error)}")
    raise InputError(
        f"'{file_path}' cannot be loaded\n"
        + "\n".join(reasons)
        + "\n  The file is damaged, or was not written by torch_tensorrt.save"
    )


def _likely_formats(path: Any) -> list[str]:
    """Both formats; first the one that the names inside the archive tell."""
    names: list[str] = []
    with contextlib.suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    scripted = any("/code/" in name for name in names)
    return ["torchscript", "exported_program"] if scripted else ["exported_program", "torchscript"]


@contextlib.contextmanager
def _quiet_export() -> Iterator[None]:
    """torch.export logs whole tracebacks for what it then raises; the reasons are part of our error."""
    loggers = [logging.getLogger(name) for name in ("torch.export", "torch.export.pt2_archive._package")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _load_program(path: str, **kwargs: Any) -> Any:
    if "_extra_files" in kwargs:
        kwargs["extra_files"] = kwargs.pop("_extra_files")
    with open(path, "rb") as file:
        return torch.export.load(file, **kwargs)


_READERS: dict[str, Callable[..., Any]] = {
    "exported_program": _load_program,
    "torchscript": torch.jit.load,
}


def _read(
    reader: Callable[..., Any], path: str, extra_files: dict[str, Any] | None, kwargs: Mapping[str, Any]
) -> Any:
    if extra_files is None:
        return reader(path, **kwargs)
    found = dict(extra_files)
    result = reader(path, _extra_files=found, **kwargs)
    extra_files.update(found)
    return result


def _first_lines(error: Exception) -> str:
    return "\n    ".join(str(error).strip().splitlines()[:3])
