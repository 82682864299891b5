"""Networks made by hand through the builder, and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch
from torch_tensorrt.dynamo import CompilationSettings
from torch_tensorrt.dynamo.conversion._build_config import build_config
from torch_tensorrt.dynamo.conversion._builder import Builder
from torch_tensorrt.dynamo.conversion._engine_log import EngineLog
from torch_tensorrt.dynamo.conversion._types import to_trt
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule


class Network:
    """A strongly typed network with a builder; `dynamic` names axes of every input that get the range
    1..16.
    """

    def __init__(self, *examples: torch.Tensor, dynamic: Sequence[int] = ()) -> None:
        self.log = EngineLog()
        self.trt_builder = trt.Builder(self.log)
        flag = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
        self.network = self.trt_builder.create_network(flag)
        self.b = Builder(self.network, CompilationSettings(), self.log.take)
        self.examples, self.dynamic = examples, dynamic
        self.inputs = [self._input(i, x) for i, x in enumerate(examples)]

    def _input(self, index: int, example: torch.Tensor) -> trt.ITensor:
        shape = [-1 if axis in self.dynamic else n for axis, n in enumerate(example.shape)]
        return self.network.add_input(f"x{index}", to_trt(example.dtype), shape)

    def run(self, *results: trt.ITensor, inputs: Sequence[torch.Tensor] | None = None) -> Any:
        for i, tensor in enumerate(results):
            own = self.b.emit(self.network.add_identity(tensor), "IDENTITY")
            own.name = f"y{i}"
            self.network.mark_output(own)
        config = build_config(self.trt_builder, CompilationSettings())
        if self.dynamic:
            profile = self.trt_builder.create_optimization_profile()
            for i, x in enumerate(self.examples):
                low, high = (
                    [n if a not in self.dynamic else v for a, n in enumerate(x.shape)] for v in (1, 16)
                )
                profile.set_shape(f"x{i}", low, list(x.shape), high)
            config.add_optimization_profile(profile)
        data = self.trt_builder.build_serialized_network(self.network, config)
        assert data is not None, self.log.take()
        names = [[f"x{i}" for i in range(len(self.inputs))], [f"y{i}" for i in range(len(results))]]
        return TorchTensorRTModule(bytes(data), *names)(*(inputs or self.examples))


def run(
    function: Callable[..., Any], *examples: torch.Tensor, dynamic: Sequence[int] = (), inputs: Any = None
) -> Any:
    """What `function(builder, *tensors)` computes."""
    network = Network(*examples, dynamic=dynamic)
    results = function(network.b, *network.inputs)
    return network.run(*(results if isinstance(results, tuple) else (results,)), inputs=inputs)
