"""Recurrent networks (LSTM, GRU, RNN) as loops of the engine: one iteration for each step of the sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._dims import Length
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import argument

aten = torch.ops.aten
SIGMOID, TANH, RELU = trt.ActivationType.SIGMOID, trt.ActivationType.TANH, trt.ActivationType.RELU

States = tuple[trt.ITensor, ...]
Step = Callable[[trt.ITensor, States], States]
"""(what a step's input adds to the gates, states) -> the next states; the first one is the output."""


class Loop:
    """A loop over the first axis of a sequence, forwards or backwards."""

    def __init__(self, b: Builder, length: Length, reverse: bool) -> None:
        self.b, self.reverse = b, reverse
        self.loop = b.network.add_loop()
        self.length = b.cast(length, torch.int64)
        self.loop.add_trip_limit(b.tensor(self.length), trt.TripLimit.COUNT)

    def each(self, x: trt.ITensor) -> trt.ITensor:
        """x[i] in iteration i."""
        item = self.b.emit(self.loop.add_iterator(x, 0, self.reverse), "ITERATOR")
        self.b.know(item, self.b.shape(x)[1:])
        return item

    def run(self, start: States, step: Callable[[States], States]) -> tuple[trt.ITensor, States]:
        """The first states of all iterations, in the order of the sequence, and the last states."""
        b = self.b
        layers = [self.loop.add_recurrence(x) for x in start]
        states = tuple(b.emit(layer, "RECURRENCE") for layer in layers)
        for state, x in zip(states, start, strict=True):
            b.know(state, b.shape(x))
        following = step(states)
        for layer, value in zip(layers, following, strict=True):
            layer.set_input(1, value)
        kind = trt.LoopOutput.REVERSE if self.reverse else trt.LoopOutput.CONCATENATE
        every = self.loop.add_loop_output(following[0], kind, 0)
        every.set_input(1, b.tensor(self.length))
        last = [self.loop.add_loop_output(s, trt.LoopOutput.LAST_VALUE, 0) for s in states]
        return b.emit(every, "LOOP_OUTPUT"), tuple(b.emit(layer, "LOOP_OUTPUT") for layer in last)


@dataclass
class Parameters:
    """The parameters of one direction of one layer."""

    input: Value
    hidden: Value
    input_bias: Value | None = None
    hidden_bias: Value | None = None
    projection: Value | None = None

    @classmethod
    def of(cls, given: Sequence[Value], biases: bool) -> Parameters:
        """From the order of nn.LSTM: biases and projection only where there are some."""
        weight, hidden, *rest = given
        first, second = (rest[0], rest[1]) if biases else (None, None)
        projection = rest[2:] if biases else rest
        return cls(weight, hidden, first, second, projection[0] if projection else None)


def product(b: Builder, x: Value, weight: Value, bias: Value | None = None) -> trt.ITensor:
    """x @ weight^T + bias"""
    y = b.matmul(x, weight, transpose_y=True)
    return y if bias is None else b.add(y, bias)


def wide(b: Builder, x: trt.ITensor) -> trt.ITensor:
    """x for what Note [Gates in float32] wants in float32"""
    return b.tensor(x, torch.float32)


def gates(b: Builder, x: trt.ITensor, like: trt.ITensor, count: int) -> list[trt.ITensor]:
    """The last axis in `count` equal parts; `x` is as long as `like`."""
    b.know(x, b.shape(like))
    size = b.shape(like)[-1] // count
    return [b.narrow(x, -1, i * size, size) for i in range(count)]


# Note [Gates in float32]: products run in the model's type, gates and an LSTM's cell in float32 where that is
# wider, as in torch; the hidden state is rounded to the model's type once a step.


def lstm_step(b: Builder, w: Parameters) -> Step:
    def step(given: trt.ITensor, states: States) -> States:
        hidden, cell = states
        total = b.add(given, wide(b, product(b, hidden, w.hidden)))
        let, forget, new, out = gates(b, total, given, 4)
        kept = b.mul(b.activation(SIGMOID, forget), cell)
        cell = b.add(kept, b.mul(b.activation(SIGMOID, let), b.activation(TANH, new)))
        shown = b.mul(b.activation(SIGMOID, out), b.activation(TANH, cell))
        hidden = b.cast(shown, b.dtype(hidden))
        return hidden if w.projection is None else product(b, hidden, w.projection), cell

    return step


def gru_step(b: Builder, w: Parameters) -> Step:
    def step(given: trt.ITensor, states: States) -> States:
        (hidden,) = states
        reset, update, new = gates(b, given, given, 3)
        old = wide(b, product(b, hidden, w.hidden, w.hidden_bias))
        old_reset, old_update, old_new = gates(b, old, given, 3)
        reset = b.activation(SIGMOID, b.add(reset, old_reset))
        update = b.activation(SIGMOID, b.add(update, old_update))
        new = b.activation(TANH, b.add(new, b.mul(reset, old_new)))
        following = b.add(new, b.mul(update, b.sub(wide(b, hidden), new)))
        return (b.cast(following, b.dtype(hidden)),)

    return step


def plain_step(kind: trt.ActivationType) -> Callable[[Builder, Parameters], Step]:
    """tanh or relu of the sum."""

    def make(b: Builder, w: Parameters) -> Step:
        def step(given: trt.ITensor, states: States) -> States:
            total = b.add(given, wide(b, product(b, states[0], w.hidden)))
            return (b.cast(b.activation(kind, total), b.dtype(states[0])),)

        return step

    return make


def of_input(b: Builder, x: Value, w: Parameters, cell: Callable[..., Step]) -> trt.ITensor:
    """What inputs add to the gates. A GRU multiplies the hidden state's part, bias included, by a gate."""
    given = product(b, x, w.input, w.input_bias)
    if w.hidden_bias is not None and cell is not gru_step:
        given = b.add(given, w.hidden_bias)
    return wide(b, given)


def one_direction(
    b: Builder, x: trt.ITensor, start: States, w: Parameters, cell: Callable[..., Step], reverse: bool
) -> tuple[trt.ITensor, States]:
    """x: [length, batch, features]. What does not depend on the states is computed for all steps at once."""
    given = of_input(b, x, w, cell)
    loop, step = Loop(b, b.shape(x)[0], reverse), cell(b, w)
    item = loop.each(given)
    hidden, *cells = start
    every, (last, *more) = loop.run((hidden, *(wide(b, c) for c in cells)), lambda states: step(item, states))
    return every, (last, *(b.tensor(c, b.dtype(hidden)) for c in more))


def network(
    b: Builder,
    x: Value,
    start: Sequence[Value],
    parameters: Sequence[Value],
    biases: bool,
    layers: int,
    bidirectional: bool,
    batch_first: bool,
    cell: Callable[..., Step],
) -> tuple[trt.ITensor, ...]:
    """Layers upon each other; the outputs of the last one and the last states of all."""
    x, single = b.tensor(x), b.rank(x) == 2
    x = b.unsqueeze(x, [1]) if single else b.permute(x, [1, 0, 2]) if batch_first else x
    states = [b.unsqueeze(s, [1]) if single else b.tensor(s) for s in start]
    each = len(parameters) // (layers * (2 if bidirectional else 1))
    last: list[States] = []
    for _ in range(layers):
        outputs = []
        for reverse in (False, True) if bidirectional else (False,):
            i = len(last)
            w = Parameters.of(parameters[i * each : (i + 1) * each], biases)
            first = tuple(b.squeeze(b.narrow(s, 0, i, 1), [0]) for s in states)
            y, final = one_direction(b, x, first, w, cell, reverse)
            outputs.append(y)
            last.append(final)
        x = outputs[0] if len(outputs) == 1 else b.concat(outputs, 2)
    finals = [b.concat([b.unsqueeze(s, [0]) for s in column], 0) for column in zip(*last, strict=True)]
    if single:
        return b.squeeze(x, [1]), *(b.squeeze(s, [1]) for s in finals)
    return b.permute(x, [1, 0, 2]) if batch_first else x, *finals


def all_of(states: Value | Sequence[Value]) -> Sequence[Value]:
    """The states of a network: several of an LSTM, one of others."""
    return states if isinstance(states, (list, tuple)) else [states]  # type: ignore[list-item]


def no_dropout_between(node: Any, settings: Any) -> str | None:
    """Dropout stands between layers."""
    if argument(node, "train") and argument(node, "dropout") and argument(node, "num_layers") > 1:
        return "its dropout draws random numbers"
    return None


def _register(target: Any, cell: Callable[..., Step]) -> None:
    @converts(target, when=no_dropout_between)
    def convert(
        b: Builder,
        x: Value,
        start: Value | Sequence[Value],
        parameters: Sequence[Value],
        biases: bool,
        layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        return network(b, x, all_of(start), parameters, biases, layers, bidirectional, batch_first, cell)


# ---- one step


def one_step(
    b: Builder, x: Value, start: Sequence[Value], w: Parameters, cell: Callable[..., Step]
) -> tuple[trt.ITensor, ...]:
    hidden, *cells = [b.tensor(s) for s in start]
    following, *more = cell(b, w)(of_input(b, x, w, cell), (hidden, *(wide(b, c) for c in cells)))
    return following, *(b.tensor(c, b.dtype(hidden)) for c in more)


def _register_cell(target: Any, cell: Callable[..., Step]) -> None:
    @converts(target)
    def convert(
        b: Builder,
        x: Value,
        start: Value | Sequence[Value],
        weight: Value,
        hidden: Value,
        bias: Value | None = None,
        hidden_bias: Value | None = None,
    ) -> Any:
        states = one_step(b, x, all_of(start), Parameters(weight, hidden, bias, hidden_bias), cell)
        return states if len(states) > 1 else states[0]


for _target, _cell_target, _cell in (
    (aten.lstm.input, aten.lstm_cell.default, lstm_step),
    (aten.gru.input, aten.gru_cell.default, gru_step),
    (aten.rnn_tanh.input, aten.rnn_tanh_cell.default, plain_step(TANH)),
    (aten.rnn_relu.input, aten.rnn_relu_cell.default, plain_step(RELU)),
):
    _register(_target, _cell)
    _register_cell(_cell_target, _cell)
