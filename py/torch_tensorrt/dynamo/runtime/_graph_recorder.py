"""CUDA graphs of a callable: recorded when shapes or host values change, replayed otherwise. Needs CUDA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch

_WARM_UP_RUNS = 3


def _device_of(inputs: Sequence[torch.Tensor]) -> torch.cuda.device:
    """Streams of a recording are of the device where the inputs are, whatever device is present."""
    return torch.cuda.device(next((tensor.device for tensor in inputs if tensor.is_cuda), None))


@cache
def _capture_stream(device: int) -> torch.cuda.Stream:
    """torch's own belongs to the device on which it was needed first."""
    return torch.cuda.Stream(device)


class GraphRecorder:
    """Holds one recording of `function` with buffers for its inputs and the outputs that it filled."""

    def __init__(self, function: Callable[[Sequence[torch.Tensor]], Any]) -> None:
        self._function = function
        self.reset()

    def reset(self) -> None:
        """Forgets the recording; the next call makes another."""
        self._key: Any = None
        self._graph: Any = None
        self._inputs: list[torch.Tensor] = []
        self._outputs: Any = None

    def __call__(self, inputs: Sequence[torch.Tensor]) -> Any:
        """Outputs are the recording's own buffers: the next call writes over them."""
        with _device_of(inputs):
            return self._run(inputs)

    def _run(self, inputs: Sequence[torch.Tensor]) -> Any:
        key = tuple((tensor.shape, tensor.dtype, tensor.device) for tensor in inputs)
        if key != self._key or self._host_values_changed(inputs):
            self.reset()
            self._record(inputs)
            self._key = key
        else:
            for buffer, tensor in zip(self._inputs, inputs, strict=False):
                buffer.copy_(tensor, non_blocking=True)
        self._graph.replay()
        return self._outputs

    def _host_values_changed(self, inputs: Sequence[torch.Tensor]) -> bool:
        """Values in host memory are read while the recording is made, not by its replays."""
        pairs = zip(self._inputs, inputs, strict=True)
        return any(not (tensor.is_cuda or torch.equal(buffer, tensor)) for buffer, tensor in pairs)

    def _record(self, inputs: Sequence[torch.Tensor]) -> None:
        self._inputs = [tensor.detach().clone(memory_format=torch.contiguous_format) for tensor in inputs]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_RUNS):
                self._function(self._inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=_capture_stream(torch.cuda.current_device())):
            self._outputs = self._function(self._inputs)
