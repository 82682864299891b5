"""CUDA graphs: the mode of the process, and a context manager that chooses it for a module."""

from __future__ import annotations

import logging
from enum import IntEnum
from typing import Any

import torch

from torch_tensorrt._errors import InputError
from torch_tensorrt.dynamo.runtime._CudaGraphsTorchTensorRTModule import CudaGraphsTorchTensorRTModule
from torch_tensorrt.dynamo.runtime._engine_controls import require_engine_modules

logger = logging.getLogger(__name__)


class CudaGraphsMode(IntEnum):
    """How engines run on CUDA."""

    STANDARD = 0
    """As they are."""
    SUBGRAPH_CUDAGRAPHS = 1
    """Each engine is a CUDA graph."""
    WHOLE_GRAPH_CUDAGRAPHS = 2
    """Engines and PyTorch parts together are one, by the module that `enable_cudagraphs` gives."""


def set_cudagraphs_mode(mode: bool | CudaGraphsMode) -> None:
    """True: each engine of the process runs as a CUDA graph. Without CUDA it has no effect."""
    try:
        chosen = CudaGraphsMode(int(mode))
    except (TypeError, ValueError):
        raise InputError(f"a CUDA graphs mode is True, False or a CudaGraphsMode, got {mode!r}") from None
    if chosen and not torch.cuda.is_available():
        logger.warning("CUDA graphs have no effect here: there is no CUDA device")
    torch.ops.tensorrt.set_cudagraphs_mode(chosen.value)


def _mode() -> CudaGraphsMode:
    return CudaGraphsMode(torch.ops.tensorrt.get_cudagraphs_mode())


def get_cudagraphs_mode() -> bool:
    """Whether engines run as CUDA graphs of their own."""
    return _mode() == CudaGraphsMode.SUBGRAPH_CUDAGRAPHS


def get_whole_cudagraphs_mode() -> bool:
    """Whether whole modules run as one CUDA graph."""
    return _mode() == CudaGraphsMode.WHOLE_GRAPH_CUDAGRAPHS


class _CudaGraphsContextManager:
    """Gives the module to call inside; restores the mode at the end."""

    def __init__(self, compiled_module: torch.nn.Module) -> None:
        require_engine_modules(compiled_module, "enable_cudagraphs")
        self.compiled_module = compiled_module
        self._wrapper: CudaGraphsTorchTensorRTModule | None = None
        self._before = CudaGraphsMode.STANDARD

    def __enter__(self) -> torch.nn.Module:
        self._before = _mode()
        if not self._has_pytorch_parts():
            set_cudagraphs_mode(CudaGraphsMode.SUBGRAPH_CUDAGRAPHS)
            return self.compiled_module
        set_cudagraphs_mode(CudaGraphsMode.WHOLE_GRAPH_CUDAGRAPHS)
        if not torch.cuda.is_available():
            return self.compiled_module
        self._wrapper = CudaGraphsTorchTensorRTModule(self.compiled_module)
        return self._wrapper

    def _has_pytorch_parts(self) -> bool:
        return any("_run_on_gpu" in name for name, _ in self.compiled_module.named_children())

    def __exit__(self, *_: Any) -> None:
        torch.ops.tensorrt.set_cudagraphs_mode(self._before.value)
        if self._wrapper is not None:
            self._wrapper.reset_captured_graph()
            self._wrapper = None


def enable_cudagraphs(
    compiled_module: torch.nn.Module, *, cuda_graph_strategy: str | None = None
) -> _CudaGraphsContextManager:
    """`with enable_cudagraphs(module) as graphed: graphed(x)`; one graph for all where PyTorch parts exist.

    `cuda_graph_strategy` is a setting of TensorRT-RTX; other values than None and "disabled" are refused.
    """
    if cuda_graph_strategy not in (None, "disabled"):
        raise NotImplementedError(
            f"cuda_graph_strategy={cuda_graph_strategy!r} needs TensorRT-RTX; leave it out"
        )
    return _CudaGraphsContextManager(compiled_module)
