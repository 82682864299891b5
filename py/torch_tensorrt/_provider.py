"""Provider: the library behind `import tensorrt` (NVIDIA's or the embedded engine), and that module."""

import functools
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

import torch

import torch_tensorrt._C as _C
from torch_tensorrt._errors import EngineError, ProviderError
from torch_tensorrt._tensorrt_alias import install_alias

BINDINGS = "tensorrt_bindings"
_META_PACKAGE = "tensorrt"
_LIBS_PACKAGE = "tensorrt_libs"


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
    _check_bindings_major()
    try:
        found = _C.load_provider(_nvidia_folders())
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


def _spec_of(package: str) -> ModuleSpec | None:
    """Where a package (a folder, not our own tensorrt.py) is installed; it is not imported."""
    if sys.modules.get(package, package) is None:  # blocked
        return None
    specs = (PathFinder.find_spec(package, [place]) for place in sys.path)
    return next((spec for spec in specs if spec is not None and spec.submodule_search_locations), None)


def _folder_of(package: str) -> Path | None:
    spec = _spec_of(package)
    return Path(list(spec.submodule_search_locations or [])[0]) if spec else None


def _nvidia_folders() -> list[str]:
    folder = _folder_of(_LIBS_PACKAGE)
    return [str(folder)] if folder else []


def _bindings_folder() -> Path:
    folder = _folder_of(BINDINGS) or _folder_of(_META_PACKAGE)
    if folder is None:
        major = _C.tensorrt_major()
        raise ProviderError(
            f"TensorRT's Python bindings are not installed (no {BINDINGS}, no {_META_PACKAGE} is found)\n"
            f"  They are a plain package without an engine: pip install 'tensorrt-cu13-bindings=={major}.*'"
        )
    return folder


def _installed_major(folder: Path) -> int | None:
    """Major of the bindings by their metadata: importing the wrong ones fails with a loader's message."""
    for info in folder.parent.glob("tensorrt*.dist-info"):
        match = re.match(r"tensorrt\w*?-(\d+)\.", info.name)
        if (
            match
            and (info / "RECORD").is_file()
            and f"{folder.name}/__init__.py" in (info / "RECORD").read_text()
        ):
            return int(match[1])
    return None


def _check_bindings_major() -> None:
    folder = _bindings_folder()
    major = _installed_major(folder)
    if major is not None and major != _C.tensorrt_major():
        raise ProviderError(
            f"TensorRT's Python bindings in {folder} are version {major}, this build of torch_tensorrt needs "
            f"{_C.tensorrt_major()}\n  pip install 'tensorrt-cu13-bindings=={_C.tensorrt_major()}.*'"
        )


@contextmanager
def _without_nvidia_libraries() -> Iterator[None]:
    """The bindings load all libraries of the tensorrt_libs package; the embedded engine does not use them."""
    if _LIBS_PACKAGE in sys.modules:
        yield
        return
    sys.modules[_LIBS_PACKAGE] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_LIBS_PACKAGE]


def _import_package(name: str) -> ModuleType:
    """Like importlib.import_module, but passes over our own tensorrt.py."""
    spec = _spec_of(name)
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
            f"TensorRT's Python bindings in {_bindings_folder()} cannot be imported: {error}\n"
            f"  They have to be of TensorRT {_C.tensorrt_major()} and for this Python: "
            f"pip install --force-reinstall 'tensorrt-cu13-bindings=={_C.tensorrt_major()}.*'"
        ) from error


def _import_tensorrt(embedded: bool) -> None:
    if _META_PACKAGE in sys.modules or _spec_of(_META_PACKAGE) is not None:
        _import_bindings(_META_PACKAGE, embedded)
    else:
        install_alias(_META_PACKAGE, _import_bindings(BINDINGS, embedded))
