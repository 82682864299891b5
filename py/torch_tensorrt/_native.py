"""Native: the `_C` that fits the installed bindings. Versions 10 and 11 of TensorRT are different interfaces.

Our libraries for version 10 lie beside this file and in lib/, those for version N > 10 in lib/N/.
"""

import importlib
import importlib.util
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from torch_tensorrt._bindings import DEFAULT_MAJOR, bindings_folder, installed_major
from torch_tensorrt._errors import ProviderError

_HERE = Path(__file__).parent
_NAME = "torch_tensorrt._C"


def _file_for(major: int) -> Path | None:
    folder = _HERE if major == DEFAULT_MAJOR else _HERE / "lib" / str(major)
    return next(
        (folder / f"_C{suffix}" for suffix in EXTENSION_SUFFIXES if (folder / f"_C{suffix}").is_file()), None
    )


def _majors() -> list[int]:
    found = [int(folder.name) for folder in (_HERE / "lib").glob("[0-9]*")] + [DEFAULT_MAJOR]
    return [major for major in sorted(found) if _file_for(major)]


def load() -> None:
    """Imports `_C`. Called once, first thing in the import of the package.

    Raises:
        ProviderError: no bindings are installed, or their version is one this build has no libraries for.
    """
    folder = bindings_folder()
    major = installed_major(folder) or DEFAULT_MAJOR
    path = _file_for(major)
    if path is None and major != DEFAULT_MAJOR:
        known = " and ".join(map(str, _majors()))
        raise ProviderError(
            f"TensorRT's Python bindings in {folder} are version {major}, "
            f"this build of torch_tensorrt is for {known}\n"
            f"  pip install 'tensorrt-cu13-bindings=={_majors()[-1]}.*'"
        )
    if path is None or major == DEFAULT_MAJOR:
        importlib.import_module(_NAME)
        return
    spec = importlib.util.spec_from_file_location(_NAME, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
