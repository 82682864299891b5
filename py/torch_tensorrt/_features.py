"""What this build and this machine can do, and guards for functions that need one of these features."""

import functools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import torch

import torch_tensorrt._C as _C

F = TypeVar("F", bound=Callable[..., Any])


class FeatureSet(NamedTuple):
    """Order and names are those of the public interface."""

    torchscript_frontend: bool
    torch_tensorrt_runtime: bool
    dynamo_frontend: bool
    fx_frontend: bool
    refit: bool
    qdp_plugin: bool
    windows_cross_compile: bool
    tensorrt_rtx: bool
    trtllm_for_nccl: bool
    native_trt_collectives: bool
    complex_decomposition: bool


def _detect() -> FeatureSet:
    return FeatureSet(
        torchscript_frontend=hasattr(_C, "ts"),
        torch_tensorrt_runtime=hasattr(torch.ops.tensorrt, "execute_engine"),
        dynamo_frontend=True,
        fx_frontend=False,
        refit=True,
        qdp_plugin=False,
        windows_cross_compile=False,
        tensorrt_rtx=False,
        trtllm_for_nccl=False,
        native_trt_collectives=False,
        complex_decomposition=False,
    )


ENABLED_FEATURES = _detect()


def _needs(feature: str, what: str, wanted: bool = True) -> Callable[[F], F]:
    """A decorator: the function raises NotImplementedError where the feature is not as wanted."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if getattr(ENABLED_FEATURES, feature) is wanted:
                return function(*args, **kwargs)
            raise NotImplementedError(
                f"{function.__qualname__} needs {what}, which this build on {sys.platform} has not"
            )

        return guarded  # type: ignore[return-value]

    return decorate


needs_tensorrt_rtx = _needs("tensorrt_rtx", "TensorRT-RTX")
needs_not_tensorrt_rtx = _needs("tensorrt_rtx", "TensorRT instead of TensorRT-RTX", wanted=False)
needs_torch_tensorrt_runtime = _needs("torch_tensorrt_runtime", "the C++ runtime")
needs_torchscript_frontend = _needs("torchscript_frontend", "the TorchScript front end")
needs_dynamo_frontend = _needs("dynamo_frontend", "the dynamo front end")
needs_fx_frontend = _needs("fx_frontend", "the fx front end")
needs_refit = _needs("refit", "refit")
needs_qdp_plugin = _needs("qdp_plugin", "TensorRT's quickly deployable plugins")
needs_cross_compile = _needs("windows_cross_compile", "cross-compilation for Windows")
needs_trtllm_for_nccl = _needs("trtllm_for_nccl", "the collective plugins of TensorRT-LLM")
needs_native_collectives = _needs("native_trt_collectives", "TensorRT's own collectives")
