"""Small engines for the tests of the runtime, built with the TensorRT interface directly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch_tensorrt

import tensorrt as trt  # isort: skip  (torch_tensorrt says whose it is)
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule

Range = tuple[Sequence[int], Sequence[int], Sequence[int]]
DEVICE = torch.device(torch_tensorrt.provider().device)


def build(define: Callable[[Any], None], *profiles: dict[str, Range], flags: Sequence[Any] = ()) -> bytes:
    """A plan. `define` fills the network; each of `profiles`: input name -> (min, opt, max)."""
    builder = trt.Builder(torch_tensorrt.logging.TRT_LOGGER)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    define(network)
    config = builder.create_builder_config()
    for flag in flags:
        config.set_flag(flag)
    for ranges in profiles:
        profile = builder.create_optimization_profile()
        for name, (low, usual, high) in ranges.items():
            if network_input(network, name).is_shape_tensor:
                profile.set_shape_input(name, low, usual, high)
            else:
                profile.set_shape(name, low, usual, high)
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    assert plan is not None, "the engine could not be built; see the log"
    return bytes(plan)


def network_input(network: Any, name: str) -> Any:
    """The network's input of that name."""
    return next(i for i in map(network.get_input, range(network.num_inputs)) if i.name == name)


def returned(network: Any, *tensors: Any) -> None:
    """Marks results, named out0, out1, ..."""
    for i, tensor in enumerate(tensors):
        tensor.name = f"out{i}"
        network.mark_output(tensor)


def relu(shape: Sequence[int] = (2, 3), dtype: Any = trt.float32) -> Callable[[Any], None]:
    """out0 = relu(x)"""

    def define(network: Any) -> None:
        x = network.add_input("x", dtype, shape)
        returned(network, network.add_activation(x, trt.ActivationType.RELU).get_output(0))

    return define


def identity(shape: Sequence[int], dtype: Any) -> Callable[[Any], None]:
    """out0 = x"""

    def define(network: Any) -> None:
        returned(network, network.add_identity(network.add_input("x", dtype, shape)).get_output(0))

    return define


def sum_and_product(network: Any) -> None:
    """out0 = x + y, out1 = x * y, all [-1, 3]"""
    x = network.add_input("x", trt.float32, (-1, 3))
    y = network.add_input("y", trt.float32, (-1, 3))
    total = network.add_elementwise(x, y, trt.ElementWiseOperation.SUM)
    product = network.add_elementwise(x, y, trt.ElementWiseOperation.PROD)
    returned(network, total.get_output(0), product.get_output(0))


def reshape_by_value(network: Any) -> None:
    """out0 = x.reshape(size), size [2] read by the host"""
    x = network.add_input("x", trt.float32, (-1,))
    size = network.add_input("size", trt.int64, (2,))
    shuffle = network.add_shuffle(x)
    shuffle.set_input(1, size)
    returned(network, shuffle.get_output(0))


def doubled_rows(network: Any) -> None:
    """out0 = cat([x, x]), x [-1, 3]"""
    x = network.add_input("x", trt.float32, (-1, 3))
    layer = network.add_concatenation([x, x])
    layer.axis = 0
    returned(network, layer.get_output(0))


ROWS = {"x": ((1, 3), (4, 3), (8, 3))}
TWO_ROWS = {**ROWS, "y": ((1, 3), (4, 3), (8, 3))}


def module(define: Callable[[Any], None], *profiles: dict[str, Range], **kwargs: Any) -> TorchTensorRTModule:
    """A module around the engine of `define`."""
    return TorchTensorRTModule(build(define, *profiles), name=kwargs.pop("name", "engine"), **kwargs)


def randn(*shape: int) -> torch.Tensor:
    """Random values on the device that engines run on."""
    return torch.randn(*shape, device=DEVICE)
