"""Settings and caches of TensorRT-RTX's runtime: names exist, all but defaults need that library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from torch_tensorrt._errors import InputError
from torch_tensorrt.dynamo._defaults import RUNTIME_CACHE_PATH

_STRATEGIES = ("lazy", "eager", "none")


@dataclass(frozen=True)
class RuntimeSettings:
    """What TensorRT-RTX compiles at run time, and how."""

    dynamic_shapes_kernel_specialization_strategy: str = "lazy"
    cuda_graph_strategy: str = "disabled"
    runtime_cache: Any = RUNTIME_CACHE_PATH

    def merge(self, **overrides: Any) -> RuntimeSettings:
        """Other settings with some fields changed."""
        return replace(self, **overrides)


def _needs_rtx(what: str) -> NotImplementedError:
    return NotImplementedError(
        f"{what} needs TensorRT-RTX, which compiles kernels at run time; this engine library does not"
    )


@contextmanager
def runtime_config(target_or_targets: Any, **overrides: Any) -> Iterator[Any]:
    """The targets, inside with these settings; anything but the defaults needs TensorRT-RTX."""
    try:
        settings = RuntimeSettings().merge(**overrides)
    except TypeError as error:
        raise InputError(f"runtime_config: {error}") from None
    if settings != RuntimeSettings():
        raise _needs_rtx(f"runtime_config({', '.join(f'{k}={v!r}' for k, v in overrides.items())})")
    yield target_or_targets


def set_dynamic_shapes_kernel_strategy(targets: Any, strategy: str) -> Any:
    """`runtime_config` for that one setting."""
    if strategy not in _STRATEGIES:
        raise InputError(f"strategy is one of {', '.join(_STRATEGIES)}; got {strategy!r}")
    return runtime_config(targets, dynamic_shapes_kernel_specialization_strategy=strategy)


class RuntimeCache:
    """TensorRT-RTX's cache of kernels; here it is always empty and cannot be saved."""

    def __init__(self, path: str = "", autosave_on_del: bool = False) -> None:
        self.path = path
        self.autosave_on_del = autosave_on_del

    @property
    def is_cpp_runtime(self) -> bool:
        """Engines run in C++."""
        return True

    def has_cache(self) -> bool:
        """Whether it holds kernels."""
        return False

    def ensure_cache(self, *_: Any) -> Any:
        """Makes the cache: needs TensorRT-RTX, as do reading and writing it."""
        raise _needs_rtx("a runtime cache")

    load = save = load_from_stream = save_to_stream = ensure_cache


@contextmanager
def runtime_cache(target_or_targets: Any, path: Any = "", autosave: bool = True) -> Iterator[RuntimeCache]:
    """One cache for several engines: needs TensorRT-RTX."""
    raise _needs_rtx("runtime_cache")
    yield RuntimeCache()
