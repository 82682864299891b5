"""A compiled module of several engines and PyTorch parts, run as one CUDA graph."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree

from torch_tensorrt.dynamo.runtime._graph_recorder import GraphRecorder


class CudaGraphsTorchTensorRTModule(torch.nn.Module):
    """Wraps `compiled_module`; `runtime.enable_cudagraphs` makes it where PyTorch parts exist."""

    def __init__(self, compiled_module: torch.nn.Module) -> None:
        super().__init__()
        self.compiled_module = compiled_module
        self._recorders: dict[Any, GraphRecorder] = {}

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """As the wrapped module; outputs are copies, so that they outlive the next call."""
        leaves, spec = pytree.tree_flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        constants = tuple((i, leaf) for i, leaf in enumerate(leaves) if i not in places)
        recorder = self._recorders.get((spec, constants))
        if recorder is None:
            recorder = self._recorders[(spec, constants)] = self._recorder(list(leaves), spec, places)
        outputs = recorder([leaves[i] for i in places])
        return pytree.tree_map_only(torch.Tensor, torch.clone, outputs)

    def _recorder(self, leaves: list[Any], spec: Any, places: list[int]) -> GraphRecorder:
        def run(tensors: Any) -> Any:
            for place, tensor in zip(places, tensors, strict=False):
                leaves[place] = tensor
            args, kwargs = pytree.tree_unflatten(leaves, spec)
            return self.compiled_module(*args, **kwargs)

        return GraphRecorder(run)

    def warm_up(self) -> None:
        """Nothing to do: the first call of each shape warms up before it records."""

    def reset_captured_graph(self) -> None:
        """Forgets all recordings."""
        self._recorders.clear()
