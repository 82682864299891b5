"""The `ctx` of converters in the five-argument form: a view of the builder under the names that such code
uses.
"""

from __future__ import annotations

from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion._builder import Builder


class ConversionContext:
    """What a user's converter gets: the network, the settings, and the store that keeps weights alive."""

    def __init__(
        self,
        net: trt.INetworkDefinition | None = None,
        compilation_settings: CompilationSettings | None = None,
        requires_output_allocator: bool = False,
        weight_refit_map: dict[str, Any] | None = None,
        builder: Builder | None = None,
    ) -> None:
        self.builder = builder if builder is not None else Builder(net, compilation_settings)
        self.net = net if net is not None else self.builder.network
        self.compilation_settings = compilation_settings or self.builder.settings
        self.requires_output_allocator = requires_output_allocator
        self.requires_native_multidevice = False
        self.weight_refit_map: dict[str, Any] = (
            weight_refit_map if weight_refit_map is not None else self.builder.weight_names
        )
        self.current_node: Any = None
        self.aliased_outputs: dict[Any, Any] = {}

    @property
    def cpu_weights_reference_holder(self) -> list[torch.Tensor]:
        """Tensors that weights of the network point into."""
        return self.builder.store.held

    def record_weight(self, name: str, weight: torch.Tensor) -> None:
        """Keeps a tensor alive under a weight's name."""
        self.weight_refit_map[name] = weight
        self.builder.store.held.append(weight)

    def clear_cpu_weights_reference_holder(self) -> None:
        """Lets the tensors go; only after the build."""
        self.builder.store.release()
