"""The backends of torch.compile under their names, without loading the front end before one of them runs.

torch finds them through the entry points of the distribution (group torch_dynamo_backends), and refuses a
name that is registered as well. So `register` serves only a package that runs from its folder, not installed.
"""

from importlib import metadata
from typing import Any


def torch_tensorrt_backend(gm: Any, sample_inputs: Any, **kwargs: Any) -> Any:
    """Compiles a graph that dynamo captured; options are the compilation settings."""
    from torch_tensorrt.dynamo.backend.backends import torch_tensorrt_backend as backend

    return backend(gm, sample_inputs, **kwargs)


def aot_torch_tensorrt_aten_backend(gm: Any, sample_inputs: Any, **kwargs: Any) -> Any:
    """The same for a graph that is to be traced to aten operators."""
    from torch_tensorrt.dynamo.backend.backends import aot_torch_tensorrt_aten_backend as backend

    return backend(gm, sample_inputs, **kwargs)


BACKENDS = {
    "torch_tensorrt": torch_tensorrt_backend,
    "tensorrt": torch_tensorrt_backend,
    "aot_torch_tensorrt_aten": aot_torch_tensorrt_aten_backend,
}


def _has_entry_points() -> bool:
    try:
        points = metadata.distribution("torch-tensorrt").entry_points
    except metadata.PackageNotFoundError:
        return False
    return set(BACKENDS) <= {point.name for point in points if point.group == "torch_dynamo_backends"}


def register() -> None:
    """Makes the names known to torch, unless its own search will find them."""
    if _has_entry_points():
        return
    from torch._dynamo.backends.registry import register_backend

    for name, backend in BACKENDS.items():
        register_backend(compiler_fn=backend, name=name)
