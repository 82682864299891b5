"""The module `tensorrt` where only NVIDIA's `tensorrt_bindings` is installed: the same objects."""

import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Same(Loader):
    """Yields a module that exists under another name, as it is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import system put the alias's there


class _SubmoduleFinder(MetaPathFinder):
    """`import tensorrt.plugin` is `import tensorrt_bindings.plugin`: no module is run twice.

    Before all other finders, which would find the modules of a real package and run them again.
    """

    def __init__(self, alias: str, target: str) -> None:
        self._prefix = f"{alias}."
        self._target = target

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if not fullname.startswith(self._prefix):
            return None
        real = f"{self._target}.{fullname[len(self._prefix) :]}"
        if importlib.util.find_spec(real) is None:
            return None
        return ModuleSpec(fullname, _Same(real))


def install_alias(name: str, bindings: ModuleType) -> ModuleType:
    """Puts a module `name` with all that `bindings` has into sys.modules; `bindings` stays as it is."""
    module = ModuleType(name, bindings.__doc__)
    public = {
        key: value
        for key, value in vars(bindings).items()
        if key == "__version__" or not key.startswith("__")
    }
    module.__dict__.update(
        public, _package_name=name, __path__=[], __getattr__=lambda key: getattr(bindings, key)
    )
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    sys.meta_path.insert(0, _SubmoduleFinder(name, bindings.__name__))
    sys.modules[name] = module
    return module
