"""Versions of the package and of what it was built for."""

from importlib import metadata

import torch

_SOURCE_VERSION = "0.1.0"


def _installed(*distributions: str) -> str | None:
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


__version__ = _installed("torch-tensorrt") or _SOURCE_VERSION
__cuda_version__ = torch.version.cuda or ""
__tensorrt_version__ = _installed("tensorrt", "tensorrt-cu13-bindings", "tensorrt-cu12-bindings") or ""
__tensorrt_rtx_version__ = ""
__tensorrt_llm_version__ = ""
