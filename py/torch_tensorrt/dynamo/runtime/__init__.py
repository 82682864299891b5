"""Modules that hold engines."""

from torch_tensorrt.dynamo.runtime._CudaGraphsTorchTensorRTModule import CudaGraphsTorchTensorRTModule
from torch_tensorrt.dynamo.runtime._MutableTorchTensorRTModule import MutableTorchTensorRTModule
from torch_tensorrt.dynamo.runtime._PythonTorchTensorRTModule import PythonTorchTensorRTModule
from torch_tensorrt.dynamo.runtime._ResourceAllocator import ResourceAllocationStrategy
from torch_tensorrt.dynamo.runtime._TorchTensorRTModule import TorchTensorRTModule

__all__ = [
    "CudaGraphsTorchTensorRTModule",
    "MutableTorchTensorRTModule",
    "PythonTorchTensorRTModule",
    "ResourceAllocationStrategy",
    "TorchTensorRTModule",
]
