"""Recurrent modules of torch.nn as one engine each: loops of the engine, in every floating type."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch_tensorrt import Input, dynamo

from tests.e2e.judge import DEVICE, assert_one_engine
from tests.util.oracle import assert_as_good_as_eager

DTYPES = pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16], ids=["float32", "float16", "bfloat16"]
)
FEATURES, STATES, LENGTH = 6, 8, 5


class Leaves(nn.Module):
    """All results of a recurrent module as one flat tuple."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        first, last = self.module(inputs[0], *self._start(inputs[1:]))
        return (first, *last) if isinstance(last, tuple) else (first, last)

    def _start(self, states: tuple[torch.Tensor, ...]) -> tuple[Any, ...]:
        return (states,) if len(states) == 2 else states


def check(model: nn.Module, dtype: torch.dtype, inputs: list[Any], *calls: tuple[torch.Tensor, ...]) -> None:
    """One engine; every result as good as eager's."""
    model = model.eval().to(DEVICE, dtype)
    inputs = [x.to(DEVICE) if isinstance(x, torch.Tensor) else x for x in inputs]
    program = dynamo.trace(model, arg_inputs=inputs)
    compiled = dynamo.compile(program, arg_inputs=inputs, min_block_size=1, require_full_compilation=True)
    assert_one_engine(compiled)
    for given in ([x.to(DEVICE) for x in call] for call in calls):
        with torch.no_grad():
            found, eager = compiled(*given), model(*given)
            reference = copy.deepcopy(model).double()(*(x.double() for x in given))
        for f, e, r in zip(found, eager, reference, strict=True):
            assert_as_good_as_eager(f, e, r)


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


@DTYPES
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU, nn.RNN], ids=lambda c: c.__name__)
def test_dynamic_batch(cell, dtype):
    model = Leaves(cell(FEATURES, STATES, batch_first=True))
    shapes = {f"{f}_shape": (n, LENGTH, FEATURES) for f, n in (("min", 1), ("opt", 2), ("max", 4))}
    calls = [(torch.randn(n, LENGTH, FEATURES).to(dtype),) for n in (2, 1, 4)]
    check(model, dtype, [Input(**shapes, dtype=dtype)], *calls)


OPTIONS = {
    "bidirectional": {"bidirectional": True},
    "layers": {"num_layers": 2},
    "both": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "no_bias": {"bias": False},
    "dropout": {"num_layers": 2, "dropout": 0.5},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU, nn.RNN], ids=lambda c: c.__name__)
def test_options(cell, options):
    x = torch.randn(LENGTH, 3, FEATURES)
    check(Leaves(cell(FEATURES, STATES, **options)), torch.float32, [x], (x,))


def test_lstm_with_projection():
    x = torch.randn(LENGTH, 3, FEATURES)
    check(Leaves(nn.LSTM(FEATURES, STATES, proj_size=4)), torch.float32, [x], (x,))


def test_rnn_with_relu():
    x = torch.randn(LENGTH, 3, FEATURES)
    check(Leaves(nn.RNN(FEATURES, STATES, nonlinearity="relu")), torch.float32, [x], (x,))


def test_sequence_without_batch():
    x = torch.randn(LENGTH, FEATURES)
    check(Leaves(nn.LSTM(FEATURES, STATES)), torch.float32, [x], (x,))


def test_given_states():
    x, *start = torch.randn(LENGTH, 3, FEATURES), torch.randn(1, 3, STATES), torch.randn(1, 3, STATES)
    check(Leaves(nn.LSTM(FEATURES, STATES)), torch.float32, [x, *start], (x, *start))


class Cells(nn.Module):
    """One step of each cell after another."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.gru = nn.LSTMCell(FEATURES, STATES), nn.GRUCell(STATES, STATES, bias=False)
        self.rnn = nn.RNNCell(STATES, STATES)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = cell = x.new_zeros(x.shape[0], STATES)
        for i in range(x.shape[1]):
            hidden, cell = self.lstm(x[:, i], (hidden, cell))
            hidden = self.rnn(self.gru(hidden, cell), hidden)
        return hidden, cell


@DTYPES
def test_cells(dtype):
    x = torch.randn(3, LENGTH, FEATURES).to(dtype)
    check(Cells(), dtype, [x], (x,))
