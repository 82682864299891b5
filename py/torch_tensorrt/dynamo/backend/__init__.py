"""Backends of torch.compile."""

from torch_tensorrt.dynamo.backend.backends import aot_torch_tensorrt_aten_backend, torch_tensorrt_backend

__all__ = ["aot_torch_tensorrt_aten_backend", "torch_tensorrt_backend"]
