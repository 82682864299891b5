"""Dynamic lengths: names, ranges from Inputs and from export, results at every size, sizes outside the
range.
"""

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input, dynamo
from torch_tensorrt.dynamo._tracer import get_dynamic_shapes_args
from torch_tensorrt.dynamo.utils import extract_var_range_info

from tests.py.dynamo.models import Mlp, Sandwich, batch, compiled, engines

SIN = "torch.ops.aten.sin.default"


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_every_size_of_the_range(size):
    model = Mlp().eval()
    module = compiled(model, [batch(1, 4, 8, 8)], require_full_compilation=True)
    x = torch.randn(size, 8)
    torch.testing.assert_close(module(x), model(x))


def test_size_outside_the_range():
    module = compiled(Mlp(), [batch(1, 4, 8, 8)])
    with pytest.raises((ValueError, RuntimeError), match="x"):
        module(torch.randn(9, 8))


def test_names_of_lengths():
    named = get_dynamic_shapes_args(Mlp(), [batch(1, 4, 8, 8, name="tokens")])
    assert named["x"][0].__name__ == "tokens_0"
    assert get_dynamic_shapes_args(Mlp(), [batch(1, 4, 8, 8)])["x"][0].__name__ == "_0"


class Two(nn.Module):
    def forward(self, x, y):
        return torch.relu(x) + y


def test_unnamed_inputs_of_equal_ranges_share_lengths():
    shapes = get_dynamic_shapes_args(Two(), [batch(1, 4, 8, 3), batch(1, 4, 8, 3)])
    assert shapes["x"][0] is shapes["y"][0]
    other = get_dynamic_shapes_args(Two(), [batch(1, 4, 8, 3), batch(1, 4, 9, 3)])
    assert other["x"][0] is not other["y"][0]


def test_lengths_with_names_that_the_model_ties_together():
    inputs = [batch(1, 4, 8, 3, name="x"), batch(1, 4, 8, 3, name="y")]
    module = compiled(Two(), inputs)
    for size in (2, 7):
        x, y = torch.randn(size, 3), torch.randn(size, 3)
        torch.testing.assert_close(module(x, y), Two()(x, y))


def test_optimal_length_of_one():
    model = Mlp().eval()
    module = compiled(model, [batch(1, 1, 8, 8)])
    for size in (1, 8):
        x = torch.randn(size, 8)
        torch.testing.assert_close(module(x), model(x))


def test_range_from_the_program_alone():
    model = Mlp().eval()
    size = torch.export.Dim("size", min=1, max=6)
    program = torch.export.export(model, (torch.randn(3, 8),), dynamic_shapes={"x": {0: size}})
    module = dynamo.compile(program, min_block_size=1)
    for n in (1, 6):
        x = torch.randn(n, 8)
        torch.testing.assert_close(module(x), model(x))


def test_range_info_of_a_length():
    program = dynamo.trace(Mlp().eval(), arg_inputs=[batch(2, 4, 8, 8)])
    x = next(n for n in program.graph.nodes if n.op == "placeholder" and n.name == "x").meta["val"]
    info = extract_var_range_info(x.shape[0])
    assert (info["min"], info["max"]) == (2, 8)


class Arithmetic(nn.Module):
    """Lengths that are computed from lengths."""

    def forward(self, x):
        n, m = x.shape
        y = x.reshape(n * m)[: n * m // 2 * 2].reshape(2, -1)
        return torch.cat([y, y[:, : (n + m) // 2].repeat(1, 1)], 1), x.flatten() + n, torch.arange(n + 1) * m


@pytest.mark.parametrize("ops", [set(), {"aten.cat.default", "aten.add.Tensor"}])
def test_arithmetic_on_lengths(ops):
    inputs = [Input(min_shape=(2, 2), opt_shape=(4, 6), max_shape=(8, 8))]
    model = Arithmetic()
    module = compiled(model, inputs, torch_executed_ops=ops)
    for shape in ((4, 6), (3, 5), (8, 2)):
        x = torch.randn(shape)
        for actual, expected in zip(module(x), model(x), strict=True):
            torch.testing.assert_close(actual, expected)


def test_cut_graph_with_lengths():
    model = Sandwich()
    module = compiled(model, [batch(1, 4, 8, 6)], torch_executed_ops={SIN})
    assert len(engines(module)) == 2
    for size in (1, 8):
        x = torch.randn(size, 6)
        torch.testing.assert_close(module(x), model(x))


class Split(nn.Module):
    """A length taken from a tensor inside PyTorch that an engine needs."""

    def forward(self, x, y):
        z = torch.sin(x)
        return torch.relu(y).expand(z.shape[0], -1) * 2 + z.shape[0]


def test_length_of_a_tensor_that_torch_computes():
    model = Split()
    module = compiled(model, [batch(2, 4, 8, 3), torch.randn(1, 5)], torch_executed_ops={SIN})
    x, y = torch.randn(7, 3), torch.randn(1, 5)
    torch.testing.assert_close(module(x, y), model(x, y))


class Options(nn.Module):
    """Nested and keyword inputs, a number, results in a dict."""

    def forward(self, pair, factor, *, shift):
        return {"sum": pair["a"] + pair["b"] * factor, "rest": [torch.relu(shift)]}


def test_nested_keyword_and_number_inputs():
    pair = {"a": torch.randn(3), "b": torch.randn(3)}
    shift = torch.randn(2)
    module = torch_tensorrt.compile(
        Options().eval(), arg_inputs=[pair, 3], kwarg_inputs={"shift": shift}, min_block_size=1
    )
    expected = Options()(pair, 3, shift=shift)
    actual = module(pair, 3, shift=shift)
    torch.testing.assert_close(actual["sum"], expected["sum"])
    torch.testing.assert_close(actual["rest"][0], expected["rest"][0])


def test_shared_lengths_by_name():
    inputs = [
        Input(min_shape=(1, 3), opt_shape=(2, 3), max_shape=(8, 3), shared_dims={0: "n"}, name="x"),
        Input(min_shape=(1, 3), opt_shape=(2, 3), max_shape=(8, 3), shared_dims={0: "n"}, name="y"),
    ]
    shapes = get_dynamic_shapes_args(Two(), inputs)
    assert shapes["x"][0] is shapes["y"][0] and shapes["x"][0].__name__ == "n"


class Number(nn.Module):
    """A whole number as an input of its own."""

    def forward(self, x, n):
        torch._check(n <= 8)
        return torch.relu(x) * n + x[:n].sum()


@pytest.mark.parametrize("n", [0, 1, 5, 8])
def test_whole_number_as_input(n):
    shapes = {"x": None, "n": torch.export.Dim.DYNAMIC}
    program = torch.export.export(Number(), (torch.randn(8, 3), 4), dynamic_shapes=shapes)
    module = dynamo.compile(program, min_block_size=1)
    x = torch.randn(8, 3)
    assert len(engines(module)) == 1
    torch.testing.assert_close(module(x, n), Number()(x, n))


class Places(nn.Module):
    """Where x is positive, twice: PyTorch finds the places, engines compute with them."""

    def forward(self, x):
        first, second = torch.nonzero(x > 0), torch.nonzero(x > 1)
        return nn.functional.celu(first.movedim(0, 1) * 2.0), nn.functional.celu(second.movedim(0, 1) * 2.0)


def test_lengths_that_depend_on_values_may_be_zero():
    model = Places()
    run = compiled(model, [torch.tensor([[1.0, -1.0], [2.0, 0.0]])])
    for x in ([[1.0, -1.0], [2.0, 0.0]], [[-1.0, -1.0], [0.5, 0.0]], [[-1.0, -1.0], [-1.0, -1.0]]):
        for found, expected in zip(run(torch.tensor(x)), model(torch.tensor(x)), strict=True):
            torch.testing.assert_close(found, expected)
