"""Bindings: where NVIDIA's Python bindings are installed, and of which major version; nothing is imported."""

import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from torch_tensorrt._errors import ProviderError

BINDINGS = "tensorrt_bindings"
META_PACKAGE = "tensorrt"
LIBS_PACKAGE = "tensorrt_libs"
DEFAULT_MAJOR = 10


def spec_of(package: str) -> ModuleSpec | None:
    """Where a package (a folder, not our own tensorrt.py) is installed; it is not imported."""
    if sys.modules.get(package, package) is None:  # blocked
        return None
    specs = (PathFinder.find_spec(package, [place]) for place in sys.path)
    return next((spec for spec in specs if spec is not None and spec.submodule_search_locations), None)


def _folder_of(package: str) -> Path | None:
    spec = spec_of(package)
    return Path(list(spec.submodule_search_locations or [])[0]) if spec else None


def nvidia_folders() -> list[str]:
    """Folders that may hold NVIDIA's own libraries."""
    folder = _folder_of(LIBS_PACKAGE)
    return [str(folder)] if folder else []


def bindings_folder() -> Path:
    """Where NVIDIA's Python bindings are installed. Raises ProviderError where they are not."""
    folder = _folder_of(BINDINGS) or _folder_of(META_PACKAGE)
    if folder is None:
        raise ProviderError(
            f"TensorRT's Python bindings are not installed (no {BINDINGS}, no {META_PACKAGE} is found)\n"
            f"  They are a plain package without an engine: "
            f"pip install 'tensorrt-cu13-bindings=={DEFAULT_MAJOR}.*'"
        )
    return folder


def installed_major(folder: Path) -> int | None:
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
