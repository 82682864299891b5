"""Short words for building loops and conditionals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch

Op = trt.ElementWiseOperation
COUNT, WHILE = trt.TripLimit.COUNT, trt.TripLimit.WHILE
LAST, CONCATENATE, REVERSE = (
    trt.LoopOutput.LAST_VALUE,
    trt.LoopOutput.CONCATENATE,
    trt.LoopOutput.REVERSE,
)


def scalar(n: Any, value: Any, dtype: torch.dtype = torch.int32) -> trt.ITensor:
    return n.constant(torch.tensor(value, dtype=dtype))


def binary(n: Any, op: trt.ElementWiseOperation, a: trt.ITensor, b: trt.ITensor) -> trt.ITensor:
    return n.add_elementwise(a, b, op).get_output(0)


def add(n: Any, a: trt.ITensor, b: trt.ITensor) -> trt.ITensor:
    return binary(n, Op.SUM, a, b)


def relu(n: Any, x: trt.ITensor) -> trt.ITensor:
    return n.add_activation(x, trt.ActivationType.RELU).get_output(0)


def length(n: Any, x: trt.ITensor, axis: int = 0) -> trt.ITensor:
    """The length of an axis as a scalar."""
    return n.add_gather(n.add_shape(x).get_output(0), scalar(n, axis), 0).get_output(0)


def unary(n: Any, x: trt.ITensor, op: trt.UnaryOperation) -> trt.ITensor:
    return n.add_unary(x, op).get_output(0)


def late(n: Any, x: trt.ITensor, y: trt.ITensor) -> trt.ILayer:
    """relu(x), marked as an output before it becomes relu(y)."""
    layer = n.add_activation(x, trt.ActivationType.RELU)
    n.network.mark_output(layer.get_output(0))
    layer.set_input(0, y)
    return layer


class Loop:
    """A loop under construction."""

    def __init__(self, n: Any, count: trt.ITensor | int | None = None, name: str = "") -> None:
        self.n = n
        self.loop = n.add_loop()
        if name:
            self.loop.name = name
        if count is not None:
            self.loop.add_trip_limit(scalar(n, count) if isinstance(count, int) else count, COUNT)

    def carry(self, initial: trt.ITensor, step: Callable[[trt.ITensor], trt.ITensor]) -> trt.ITensor:
        """A recurrence whose next value is step(value); answers the value."""
        recurrence = self.loop.add_recurrence(initial)
        recurrence.set_input(1, step(recurrence.get_output(0)))
        return recurrence.get_output(0)

    def each(self, x: trt.ITensor, axis: int = 0, reverse: bool = False) -> trt.ITensor:
        return self.loop.add_iterator(x, axis, reverse).get_output(0)

    def go_on_while(self, condition: trt.ITensor) -> None:
        self.loop.add_trip_limit(condition, WHILE)

    def last(self, recurrence: trt.ITensor) -> trt.ITensor:
        return self.loop.add_loop_output(recurrence, LAST).get_output(0)

    def gather(
        self, x: trt.ITensor, size: trt.ITensor | int, axis: int = 0, kind: trt.LoopOutput = CONCATENATE
    ) -> trt.ITensor:
        output = self.loop.add_loop_output(x, kind, axis)
        output.set_input(1, scalar(self.n, size) if isinstance(size, int) else size)
        return output.get_output(0)


class If:
    """A conditional under construction."""

    def __init__(self, n: Any, condition: trt.ITensor, name: str = "") -> None:
        self.conditional = n.add_if_conditional()
        if name:
            self.conditional.name = name
        self.conditional.set_condition(condition)

    def take(self, *tensors: trt.ITensor) -> Sequence[trt.ITensor]:
        return [self.conditional.add_input(x).get_output(0) for x in tensors]

    def give(self, then: trt.ITensor, otherwise: trt.ITensor) -> trt.ITensor:
        return self.conditional.add_output(then, otherwise).get_output(0)
