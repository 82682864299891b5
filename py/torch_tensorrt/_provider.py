"""Provider: the library behind `import tensorrt` (NVIDIA's or the embedded engine), and that module."""

import functools
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import ModuleType

import torch

import torch_tensorrt._C as _C
from torch_tensorrt._bindings import (
    BINDINGS,
    LIBS_PACKAGE,
    META_PACKAGE,
    bindings_folder,
    nvidia_folders,
    spec_of,
)
from torch_tensorrt._errors import EngineError, ProviderError
from torch_tensorrt._tensorrt_alias import install_alias


@dataclass(frozen=True)
class Provider:
    """The library that builds and runs engines; chosen once, by TORCHTRT_PROVIDER=auto|nvidia|embedded."""

    name: str
    """"nvidia" or "embedded"."""
    version: str
    path: str
    device: str
    """"cuda" or "cpu": where engines run."""
    reason: str
    """Why this one."""

    def __str__(self) -> str:
        return f"{self.name} {self.version} on {self.device} ({self.reason})\n  {self.path}"


@functools.cache
def provider() -> Provider:
    """The provider of this process."""
    return load()


def load() -> Provider:
    """Loads the libraries and makes `import tensorrt` work. Called once, by the import of the package."""
    bindings_folder()
    try:
        found = _C.load_provider(nvidia_folders())
    except EngineError as error:
        raise ProviderError(str(error)) from None
    if found.problem:
        message = f"NVIDIA's TensorRT was found but cannot be used:{found.problem}\n"
        cure = "  The embedded engine is used; TORCHTRT_PROVIDER=embedded asks for it and silences this."
        warnings.warn(message + cure, RuntimeWarning, stacklevel=2)
    _import_tensorrt(embedded=found.name == "embedded")
    return Provider(found.name, found.version, found.path, _device(found.name), found.reason)


def _device(name: str) -> str:
    asked = os.environ.get("TORCHTRT_EMBEDDED_DEVICE", "").strip()
    if asked not in ("", "cpu", "cuda"):
        raise ProviderError(f"TORCHTRT_EMBEDDED_DEVICE is cpu or cuda, got {asked!r}")
    if name == "nvidia":
        return "cuda"
    return asked or ("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def _without_nvidia_libraries() -> Iterator[None]:
    """The bindings load all libraries of the tensorrt_libs package; the embedded engine does not use them."""
    if LIBS_PACKAGE in sys.modules:
        yield
        return
    sys.modules[LIBS_PACKAGE] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[LIBS_PACKAGE]


def _import_package(name: str) -> ModuleType:
    """Like importlib.import_module, but passes over our own tensorrt.py."""
    spec = spec_of(name)
    if name in sys.modules or spec is None or spec.loader is None:
        return importlib.import_module(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return sys.modules[name]


def _import_bindings(name: str, embedded: bool) -> ModuleType:
    try:
        with _without_nvidia_libraries() if embedded else nullcontext():
            return _import_package(name)
    except ImportError as error:
        raise ProviderError(
            f"TensorRT's Python bindings in {bindings_folder()} cannot be imported: {error}\n"
            f"  They have to be of TensorRT {_C.tensorrt_major()} and for this Python: "
            f"pip install --force-reinstall 'tensorrt-cu13-bindings=={_C.tensorrt_major()}.*'"
        ) from error


def _import_tensorrt(embedded: bool) -> None:
    if META_PACKAGE in sys.modules or spec_of(META_PACKAGE) is not None:
        _import_bindings(META_PACKAGE, embedded)
    else:
        install_alias(META_PACKAGE, _import_bindings(BINDINGS, embedded))
