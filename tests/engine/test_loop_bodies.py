"""Loops: what their bodies may hold: cells of networks, loops, weights, layers whose parameters change."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import INDICES, STATIC_AND_DYNAMIC, build_engine, check, growing, run, sample
from tests.engine._control import REVERSE, Loop, Op, add, binary, length, relu, scalar
from tests.engine._late import late_outputs


class Lstm:
    """A cell with the weights of torch.nn.LSTM, in float64."""

    def __init__(self, inputs, hidden):
        torch.manual_seed(0)
        self.module = torch.nn.LSTM(inputs, hidden).double()
        self.hidden = hidden

    def weight(self, n, name, dtype):
        return n.constant(getattr(self.module, name).detach().to(dtype))

    def gates(self, n, x, h, dtype):
        none, transpose = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
        total = None
        for value, side in ((x, "ih"), (h, "hh")):
            product = n.add_matrix_multiply(
                value, none, self.weight(n, f"weight_{side}_l0", dtype), transpose
            )
            bias = n.constant(getattr(self.module, f"bias_{side}_l0").detach().to(dtype)[None])
            part = add(n, product.get_output(0), bias)
            total = part if total is None else add(n, total, part)
        return total

    def build(self, batch, dtype):
        def network(n, x, h0, c0):
            loop = Loop(n, length(n, x), "lstm")
            h, c = loop.loop.add_recurrence(h0), loop.loop.add_recurrence(c0)
            gates = self.gates(n, loop.each(x), h.get_output(0), dtype)

            def gate(i, kind):
                part = n.add_slice(gates, (0, i * self.hidden), (batch, self.hidden), (1, 1)).get_output(0)
                return n.add_activation(part, kind).get_output(0)

            sigmoid, tanh = trt.ActivationType.SIGMOID, trt.ActivationType.TANH
            kept = binary(n, Op.PROD, gate(1, sigmoid), c.get_output(0))
            cell = add(n, kept, binary(n, Op.PROD, gate(0, sigmoid), gate(2, tanh)))
            out = binary(n, Op.PROD, gate(3, sigmoid), n.add_activation(cell, tanh).get_output(0))
            h.set_input(1, out)
            c.set_input(1, cell)
            values = loop.gather(out, length(n, x))
            return [values, loop.last(h.get_output(0)), loop.last(c.get_output(0))]

        return network

    def __call__(self, x, h, c):
        y, (h, c) = self.module(x, (h[None], c[None]))
        return y.detach(), h[0].detach(), c[0].detach()


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_lstm(dynamic):
    lstm = Lstm(4, 5)
    x, h, c = sample((6, 2, 4)), sample((2, 5)), sample((2, 5), seed=1)
    ranges = [growing(x, 0), None, None] if dynamic else False
    check(lstm.build(2, torch.float32), [x, h, c], lstm, dynamic=ranges, dtypes=[torch.float32] * 3)


def test_rnn_from_the_end():
    """Reverse iteration and REVERSE output: the other direction of a bidirectional layer."""
    torch.manual_seed(0)
    module = torch.nn.RNN(3, 4, bidirectional=True).double()
    weights = [
        getattr(module, f"{name}_l0_reverse").detach()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]

    def build(n, x, h0):
        w, u, b, d = (n.constant((v if v.dim() == 2 else v[None]).float()) for v in weights)
        loop = Loop(n, length(n, x))
        h = loop.loop.add_recurrence(h0)
        none, transpose = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
        left = n.add_matrix_multiply(loop.each(x, 0, True), none, w, transpose).get_output(0)
        right = n.add_matrix_multiply(h.get_output(0), none, u, transpose).get_output(0)
        both = add(n, add(n, left, b), add(n, right, d))
        out = n.add_activation(both, trt.ActivationType.TANH).get_output(0)
        h.set_input(1, out)
        return loop.gather(out, length(n, x), 0, REVERSE)

    x, h = sample((5, 2, 3)), sample((2, 4))
    check(
        build,
        [x, h],
        lambda x, h: module(x, torch.stack([h, h]))[0][..., 4:].detach(),
        dynamic=[growing(x, 0), None],
    )


@pytest.mark.parametrize("level", [0, 3, 5])
def test_nested(level):
    """Sums of rows, row by row and element by element; the inner count depends on the outer counter."""

    def build(n, x):
        outer = Loop(n, 3, "rows")
        row = outer.each(x)
        index = outer.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        inner = Loop(n, index, "elements")
        total = inner.loop.add_recurrence(scalar(n, 0.0, torch.float32))
        total.set_input(1, add(n, total.get_output(0), inner.each(row)))
        return outer.gather(inner.last(total.get_output(0)), 3)

    x = sample((3, 4))
    check(build, [x], lambda x: torch.stack([x[i, :i].sum() for i in range(3)]))


def test_nested_gathers_twice():
    def build(n, x):
        outer = Loop(n, length(n, x))
        row = outer.each(x)
        inner = Loop(n, length(n, x, 1))
        total = inner.loop.add_recurrence(scalar(n, 0.0, torch.float32))
        present = add(n, total.get_output(0), inner.each(row))
        total.set_input(1, present)
        sums = inner.gather(present, length(n, x, 1))
        carried = outer.carry(
            scalar(n, 0.0, torch.float32), lambda v: add(n, v, inner.last(total.get_output(0)))
        )
        return [outer.gather(sums, length(n, x)), outer.last(carried)]

    x = sample((3, 4))
    check(build, [x], lambda x: (x.cumsum(1), x.sum()), dynamic=True, dtypes=[torch.float32] * 2)


def test_counter_as_the_start_of_a_slice():
    """The parameter of a layer changes from trip to trip; the counter is evaluated on the host."""

    def build(n, x):
        loop = Loop(n, 4)
        index = loop.carry(scalar(n, [0]), lambda i: add(n, i, scalar(n, [1])))
        part = n.add_slice(x, (0,), (3,), (1,))
        part.set_input(1, index)
        return [loop.gather(part.get_output(0), 4), loop.last(index)]

    check(
        build,
        [sample((6,))],
        lambda x: (torch.stack([x[i : i + 3] for i in range(4)]), torch.tensor([4], dtype=torch.int32)),
        dtypes=[torch.float32, torch.int32],
    )


@pytest.mark.parametrize("view", ["transposed", "reversed"])
def test_recurrence_that_is_a_view_of_a_reversed_output(view):
    """Where a condition ends the loop, the output is turned around at its end; its views are not."""

    def build(n, x):
        loop = Loop(n, 10)
        state = loop.loop.add_recurrence(x)
        trip = loop.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        value = add(n, state.get_output(0), n.constant(torch.tensor([[1.0, 2.0], [3.0, 5.0]])))
        if view == "transposed":
            layer = n.add_shuffle(value)
            layer.first_transpose = (1, 0)
        else:
            layer = n.add_slice(value, (0, 1), (2, 2), (1, -1))
        state.set_input(1, layer.get_output(0))
        loop.go_on_while(binary(n, Op.LESS, trip, scalar(n, 3)))
        return [loop.gather(value, 4, kind=REVERSE), loop.last(state.get_output(0))]

    def reference(x):
        values = []
        for _ in range(3):
            values.insert(0, x + torch.tensor([[1.0, 2.0], [3.0, 5.0]]))
            x = values[0].T if view == "transposed" else values[0].flip(1)
        return torch.stack([*values, torch.zeros_like(x)]), x

    check(build, [sample((2, 2))], reference, dtypes=[torch.float32] * 2)


@pytest.mark.parametrize("summed", [False, True])
def test_values_of_changing_lengths_are_not_put_together(summed):
    """One index is no three indices, though it broadcasts to them."""

    def build(n, x):
        loop = Loop(n, 2)
        row = loop.each(x)
        found = n.add_gather(row, n.add_non_zero(row).get_output(0), 0).get_output(0)
        if summed:
            found = n.add_reduce(found, trt.ReduceOperation.SUM, 1, False).get_output(0)
        return loop.gather(found, 2)

    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    plan, log = build_engine(build, [x])
    assert plan, log
    torch.testing.assert_close(late_outputs(plan, [x])[0].view(2, 3), x)
    x[1, :2] = 0
    with pytest.raises(AssertionError, match="has to keep its shape"):
        late_outputs(plan, [x])


def test_start_of_a_slice_from_the_device():
    """The same, where each trip's start is computed with floats."""

    def build(n, x, step):
        loop = Loop(n, 3)
        index = loop.carry(scalar(n, [0]), lambda i: add(n, i, n.add_cast(step, trt.int32).get_output(0)))
        part = n.add_slice(x, (0,), (2,), (1,))
        part.set_input(1, index)
        return loop.gather(part.get_output(0), 3)

    def network(n, x, steps):
        largest = n.add_topk(steps, trt.TopKOperation.MAX, 1, 1).get_output(0)
        return build(n, x, n.add_unary(largest, trt.UnaryOperation.SQRT).get_output(0))

    check(
        network, [sample((6,)), torch.tensor([1.0, 4.0])], lambda x, _: torch.stack([x[0:2], x[2:4], x[4:6]])
    )


@pytest.mark.parametrize("dtype", INDICES)
def test_iterated_starts_are_no_shape_tensor(dtype):
    """Their slices are read back, so that no profile has to bound them."""

    def build(n, x, starts):
        loop = Loop(n, 3)
        start = n.add_unsqueeze(loop.each(starts), scalar(n, [0])).get_output(0)
        part = n.add_slice(x, (0,), (2,), (1,))
        part.set_input(1, start)
        assert not starts.is_shape_tensor
        return loop.gather(part.get_output(0), 3)

    starts = torch.tensor([4, 0, 2], dtype=dtype)
    check(build, [sample((6,)), starts], lambda x, at: torch.stack([x[i : i + 2] for i in at.tolist()]))


@pytest.mark.parametrize("gathers", [False, True])
def test_results_of_loops_are_no_shape_tensors(gathers):
    """They are read back where shapes depend on them; what the loop starts with needs no bounds."""

    def build(n, x, start):
        loop = Loop(n, 2)
        value = loop.carry(start, lambda v: add(n, v, scalar(n, 1)))
        last = loop.gather(value, 1 + 1) if gathers else n.add_unsqueeze(loop.last(value), scalar(n, [0]))
        layer = n.add_slice(x, (0,), (2,), (1,))
        numbers = n.add_slice(last, (1,), (1,), (1,)) if gathers else last
        layer.set_input(1, numbers.get_output(0))
        assert not start.is_shape_tensor
        return layer

    first = 2 if gathers else 3
    inputs = [sample((6,)), torch.tensor(1, dtype=torch.int32)]
    check(build, inputs, lambda x, _: x[first : first + 2])


def test_trips_counted_in_an_iterated_tensor():
    """The inner loop runs once for each positive element of a row."""

    def build(n, x):
        outer = Loop(n, length(n, x))
        positive = binary(n, Op.GREATER, outer.each(x), n.constant(torch.zeros(1)))
        count = n.add_reduce(
            n.add_cast(positive, trt.int32).get_output(0), trt.ReduceOperation.SUM, 1, False
        ).get_output(0)
        inner = Loop(n, count)
        power = inner.carry(scalar(n, 1.0, torch.float32), lambda v: add(n, v, v))
        return outer.gather(inner.last(power), length(n, x))

    check(build, [sample((4, 5))], lambda x: 2.0 ** (x > 0).sum(1))


def test_shape_computed_by_a_loop():
    """2 ** 3 by a loop over scalars, as the length of a tensor."""

    def build(n, x):
        loop = Loop(n, 3)
        value = loop.carry(scalar(n, 1), lambda v: add(n, v, v))
        size = n.add_shuffle(loop.last(value))
        size.reshape_dims = (1,)
        fill = n.add_fill((8,), trt.FillOperation.LINSPACE, trt.float32)
        fill.set_input(0, size.get_output(0))
        fill.set_input(1, scalar(n, 0.0, torch.float32))
        fill.set_input(2, n.constant(torch.ones(1)))
        return add(n, fill.get_output(0), x)

    check(build, [sample((8,))], lambda x: torch.arange(8) + x)


def test_layers_with_weights_inside():
    kernel, bias = sample((3, 2, 3, 3), seed=1), sample((3,), seed=2)

    def build(n, x):
        loop = Loop(n, 3)
        layer = n.add_convolution_nd(loop.each(x), 3, (3, 3), n.weights(kernel), n.weights(bias))
        layer.padding_nd = (1, 1)
        return loop.gather(relu(n, layer.get_output(0)), 3)

    def reference(x):
        return torch.stack([torch.conv2d(y, kernel.double(), bias.double(), padding=1).relu() for y in x])

    check(build, [sample((3, 1, 2, 5, 5))], reference)


def test_large_constants_inside_are_shared():
    """A plan keeps the weights of a body once."""
    weight = sample((64, 64), seed=1, low=-0.1, high=0.1)

    def build(n, x):
        loops = []
        for _ in range(2):
            loop = Loop(n, 2)
            w = n.constant(weight)
            step = lambda v, w=w: n.add_matrix_multiply(  # noqa: E731
                v, trt.MatrixOperation.NONE, w, trt.MatrixOperation.NONE
            ).get_output(0)
            loops.append(loop.last(loop.carry(x, step)))
        return add(n, *loops)

    x = sample((4, 64))
    plan, log = build_engine(build, [x])
    assert plan, log
    check(build, [x], lambda x: (x @ weight.double() @ weight.double()) * 2)


@pytest.mark.usefixtures("random_numbers")
def test_random_numbers_differ_between_trips():
    def build(n, x):
        loop = Loop(n, 2)
        size = n.add_shape(loop.each(x)).get_output(0)
        fill = n.add_fill((8,), trt.FillOperation.RANDOM_UNIFORM, trt.float32)
        fill.set_input(0, size)
        return loop.gather(add(n, fill.get_output(0), loop.each(x)), 2)

    (y,) = run(build, [torch.zeros(2, 64)])
    assert y.shape == (2, 64) and y.min() >= 0 and y.max() <= 1
