"""Small networks of many kinds, and an engine that is enqueued again and again over the same memory.

Each network is `build(net, *tensors)`, its inputs, and what it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import TORCH_OF, _Buffer, build_engine, device, sample
from tests.engine._control import If, Loop, add, binary, length, relu, scalar
from tests.engine._session import Logger


@dataclass(frozen=True)
class Network:
    """What is built, inputs to build it with, and its outputs for others of their kind."""

    build: Callable[..., Any]
    inputs: Sequence[torch.Tensor]
    reference: Callable[..., Any]

    def fresh(self, seed: int) -> list[torch.Tensor]:
        """Inputs of the same shapes and types with other values."""
        return [sample(x.shape, x.dtype, seed=seed) for x in self.inputs]

    def expected(self, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        found = self.reference(*(x.double() if x.is_floating_point() else x for x in inputs))
        return list(found) if isinstance(found, (list, tuple)) else [found]


class Running:
    """An engine with a context; inputs and outputs keep their memory."""

    def __init__(self, network: Network) -> None:
        plan, log = build_engine(network.build, network.inputs)
        assert plan is not None, log
        self.network, self.logger = network, Logger()
        self.engine = trt.Runtime(self.logger).deserialize_cuda_engine(plan)
        self.context = self.engine.create_execution_context()
        self.inputs = [_Buffer(x.shape, x.dtype) for x in network.inputs]
        self.put(network.inputs)
        self.outputs = []
        for i in range(self.engine.num_io_tensors - len(self.inputs)):
            kind = TORCH_OF[self.engine.get_tensor_dtype(f"y{i}")]
            self.outputs.append(_Buffer(tuple(self.context.get_tensor_shape(f"y{i}")), kind))
        for letter, buffers in (("x", self.inputs), ("y", self.outputs)):
            for i, buffer in enumerate(buffers):
                assert self.context.set_tensor_address(f"{letter}{i}", buffer.address)

    def put(self, values: Sequence[torch.Tensor]) -> None:
        for buffer, value in zip(self.inputs, values, strict=True):
            buffer.tensor.copy_(value)

    def spoil(self) -> None:
        """What outputs hold before a run must not matter."""
        for buffer in self.outputs:
            buffer.tensor.fill_(1 if buffer.tensor.dtype == torch.bool else 77)

    def enqueue(self) -> None:
        stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
        assert self.context.execute_async_v3(stream), self.logger.errors()

    def check(self, values: Sequence[torch.Tensor]) -> None:
        for buffer, wanted in zip(self.outputs, self.network.expected(values), strict=True):
            found = buffer.tensor.cpu()
            torch.testing.assert_close(found, wanted.to(found.dtype))


def _product(n: Any, x: trt.ITensor, weight: torch.Tensor) -> trt.ITensor:
    none = trt.MatrixOperation.NONE
    return n.add_matrix_multiply(x, none, n.constant(weight), none).get_output(0)


W1, W2 = sample((8, 16), low=-1, high=1, seed=1), sample((16, 4), low=-1, high=1, seed=2)
B = sample((1, 16), seed=3)


def _mlp(n: Any, x: trt.ITensor) -> trt.ITensor:
    hidden = n.add_activation(add(n, _product(n, x, W1), n.constant(B)), trt.ActivationType.GELU_ERF)
    softmax = n.add_softmax(_product(n, hidden.get_output(0), W2))
    softmax.axes = 1 << 1
    return softmax.get_output(0)


def _mlp_reference(x: torch.Tensor) -> torch.Tensor:
    return (F.gelu(x @ W1.double() + B.double()) @ W2.double()).softmax(-1)


K1, K2 = sample((4, 3, 3, 3), low=-1, high=1, seed=4), sample((4, 4, 1, 1), low=-1, high=1, seed=5)


def _convolutions(n: Any, x: trt.ITensor) -> trt.ITensor:
    first = n.add_convolution_nd(x, 4, (3, 3), n.weights(K1), trt.Weights())
    first.padding_nd = (1, 1)
    y = relu(n, first.get_output(0))
    second = n.add_convolution_nd(y, 4, (1, 1), n.weights(K2), n.weights(torch.ones(4)))
    y = relu(n, add(n, second.get_output(0), y))
    y = n.add_pooling_nd(y, trt.PoolingType.MAX, (2, 2))
    y.stride_nd = (2, 2)
    return n.add_reduce(y.get_output(0), trt.ReduceOperation.AVG, 0b1100, False).get_output(0)


def _convolutions_reference(x: torch.Tensor) -> torch.Tensor:
    y = F.conv2d(x, K1.double(), padding=1).relu()
    y = (F.conv2d(y, K2.double()) + 1 + y).relu()
    return F.max_pool2d(y, 2).mean((2, 3))


def _attention(n: Any, q: trt.ITensor, k: trt.ITensor, v: trt.ITensor) -> trt.ITensor:
    none, transpose = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
    scores = n.add_matrix_multiply(q, none, k, transpose).get_output(0)
    quarter = n.constant(torch.full((1, 1, 1, 1), 0.25))
    softmax = n.add_softmax(binary(n, trt.ElementWiseOperation.PROD, scores, quarter))
    softmax.axes = 1 << 3
    return n.add_matrix_multiply(softmax.get_output(0), none, v, none).get_output(0)


def _attention_reference(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return (q @ k.transpose(-1, -2) * 0.25).softmax(-1) @ v


INDICES = torch.tensor([[2, 0, 1], [0, 2, 3]], dtype=torch.int32)


def _scatter(n: Any, x: trt.ITensor, updates: trt.ITensor) -> list[trt.ITensor]:
    layer = n.add_scatter(x, n.constant(INDICES), updates, trt.ScatterMode.ELEMENT)
    layer.axis = 1
    gathered = n.add_gather(layer.get_output(0), n.constant(torch.tensor([3, 0], dtype=torch.int32)), 1)
    top = n.add_topk(gathered.get_output(0), trt.TopKOperation.MAX, 1, 1 << 1)
    return [gathered.get_output(0), top.get_output(0)]


def _scatter_reference(x: torch.Tensor, updates: torch.Tensor) -> list[torch.Tensor]:
    y = x.scatter(1, INDICES.long().to(x.device), updates)[:, [3, 0]]
    return [y, y.amax(1, keepdim=True)]


def _quantized(n: Any, x: trt.ITensor) -> trt.ITensor:
    scale = n.constant(torch.tensor(0.05))
    codes = n.add_quantize(x, scale, trt.int8).get_output(0)
    return _product(n, n.add_dequantize(codes, scale, trt.float32).get_output(0), W1)


def _quantized_reference(x: torch.Tensor) -> torch.Tensor:
    scale = torch.tensor(0.05).double()  # as float32 has it
    return ((x / scale).round().clamp(-128, 127) * scale) @ W1.double()


def _loop(n: Any, x: trt.ITensor, start: trt.ITensor) -> list[trt.ITensor]:
    """Running sums of rows, each by a product; as many trips as rows."""
    loop = Loop(n, length(n, x))
    each = loop.each(x)
    total = loop.loop.add_recurrence(start)
    present = add(n, total.get_output(0), relu(n, each))
    total.set_input(1, present)
    return [loop.last(total.get_output(0)), loop.gather(present, length(n, x))]


def _loop_reference(x: torch.Tensor, start: torch.Tensor) -> list[torch.Tensor]:
    sums = start + x.relu().cumsum(0)
    return [sums[-1], sums]


def _loop_while(n: Any, x: trt.ITensor) -> trt.ITensor:
    """x * 2 while its greatest element is below 10: at most four times."""
    loop = Loop(n, 4)
    value = loop.carry(x, lambda value: add(n, value, value))
    greatest = n.add_reduce(value, trt.ReduceOperation.MAX, 0b11, False).get_output(0)
    loop.go_on_while(binary(n, trt.ElementWiseOperation.LESS, greatest, scalar(n, 10.0, torch.float32)))
    return loop.last(value)


def _loop_while_reference(x: torch.Tensor) -> torch.Tensor:
    for _ in range(4):
        x = x * 2 if x.max() < 10 else x
    return x


def _conditional(n: Any, x: trt.ITensor, condition: trt.ITensor) -> trt.ITensor:
    branch = If(n, condition)
    (inside,) = branch.take(x)
    return branch.give(relu(n, inside), add(n, inside, inside))


def _conditional_reference(x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
    return x.relu() if condition else 2 * x


NETWORKS = {
    "mlp": Network(_mlp, [sample((4, 8))], _mlp_reference),
    "convolutions": Network(_convolutions, [sample((2, 3, 6, 6))], _convolutions_reference),
    "attention": Network(_attention, [sample((2, 3, 5, 16), seed=i) for i in range(3)], _attention_reference),
    "scatter": Network(_scatter, [sample((2, 4)), sample((2, 3), seed=1)], _scatter_reference),
    "quantized": Network(_quantized, [sample((4, 8))], _quantized_reference),
    "loop": Network(_loop, [sample((5, 3)), sample((3,))], _loop_reference),
}
"""Runs that wait for nothing."""

READING = {
    "while": Network(_loop_while, [sample((2, 3))], _loop_while_reference),
    "conditional": Network(_conditional, [sample((2, 3)), torch.tensor(True)], _conditional_reference),
}
"""Runs that read a condition back, and so wait for the device."""
