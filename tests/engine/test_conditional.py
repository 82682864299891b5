"""Conditionals: branches of several shapes, nested in each other and in loops, taken lazily."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import STATIC_AND_DYNAMIC, build_engine, check, run_engine, sample
from tests.engine._control import If, Loop, Op, add, binary, length, relu, scalar, unary
from tests.engine._late import late_outputs

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]
YES, NO = torch.tensor(True), torch.tensor(False)
BOTH = pytest.mark.parametrize("condition", [YES, NO], ids=["yes", "no"])


@BOTH
@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_two_branches(dynamic, condition):
    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        return [
            branch.give(relu(n, inside), unary(n, inside, trt.UnaryOperation.NEG)),
            branch.give(inside, relu(n, inside)),
        ]

    check(
        build,
        [sample((2, 3)), condition],
        lambda x, c: (x.relu() if c else -x, x if c else x.relu()),
        dynamic=dynamic,
        dtypes=[torch.float32] * 2,
    )


@pytest.mark.parametrize("dtype", TYPES)
@BOTH
def test_every_type(condition, dtype):
    def build(n, x, y, c):
        branch = If(n, c)
        a, b = branch.take(x, y)
        return branch.give(a, b)

    x, y = sample((2, 3), dtype), sample((2, 3), dtype, seed=1)
    check(build, [x, y, condition], lambda x, y, c: x if c else y)


def halves(n, x, c):
    """The first column, or all."""
    branch = If(n, c)
    (inside,) = branch.take(x)
    return branch.give(n.add_slice(inside, (0, 0), (2, 1), (1, 1)).get_output(0), relu(n, inside))


@BOTH
def test_branches_of_different_lengths(condition):
    """What is behind them learns the length from the run."""

    def build(n, x, c):
        return relu(n, halves(n, x, c))

    plan, log = build_engine(build, [sample((2, 3)), condition])
    assert plan, log
    x = sample((2, 3))
    engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(plan)
    assert tuple(engine.get_tensor_shape("y0")) == (2, -1)
    (y,) = late_outputs(plan, [x, condition])
    torch.testing.assert_close(y, (x[:, :1] if condition else x).relu())


def test_one_engine_takes_either_branch():
    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        return branch.give(relu(n, inside), unary(n, inside, trt.UnaryOperation.NEG))

    x = sample((3,))
    plan, log = build_engine(build, [x, YES])
    assert plan, log
    for condition in (YES, NO, YES, NO):
        (y,) = run_engine(plan, [x, condition])
        torch.testing.assert_close(y, x.relu() if condition else -x)


@BOTH
def test_outer_tensors_and_constants_as_results(condition):
    def build(n, x, c):
        branch = If(n, c)
        return [branch.give(x, n.constant(torch.ones(3))), branch.give(relu(n, x), x)]

    check(
        build,
        [sample((3,)), condition],
        lambda x, c: (x if c else torch.ones(3), x.relu() if c else x),
        dtypes=[torch.float32] * 2,
    )


def runs_unless(condition, build):
    """A network of x and the condition fails in a Shuffle where that holds,
    and answers x where it does not."""
    x = torch.tensor([1.0, 2.0, 7.0])
    plan, log = build_engine(build, [x, condition])
    assert plan, log
    if condition:
        with pytest.raises(AssertionError, match="Shuffle"):
            late_outputs(plan, [x, condition])
    else:
        torch.testing.assert_close(late_outputs(plan, [x, condition])[0], x)


@BOTH
def test_branch_not_taken_does_not_fail(condition):
    """A reshape that cannot be, in the branch that is not taken."""

    def build(n, x, size, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        shuffle = n.add_shuffle(inside)
        shuffle.set_input(1, size)
        return branch.give(shuffle.get_output(0), relu(n, inside))

    def network(n, x, c):
        odd = n.add_topk(x, trt.TopKOperation.MAX, 1, 1)  # a value that only the device knows
        size = n.add_cast(odd.get_output(0), trt.int64).get_output(0)
        return build(n, x, size, c)

    runs_unless(condition, network)


def test_condition_known_to_the_build_selects_the_branch():
    """Even where the branches have different ranks; the other one is not in the plan."""

    def build(n, x):
        branch = If(n, scalar(n, True, torch.bool))
        (inside,) = branch.take(x)
        taken = relu(n, inside)
        other = n.add_reduce(inside, trt.ReduceOperation.SUM, 1, False)
        other.name = "other"
        result = branch.give(taken, other.get_output(0))
        assert tuple(result.shape) == (2, 3)
        return relu(n, result)

    check(build, [sample((2, 3))], torch.relu)
    plan, log = build_engine(build, [sample((2, 3))])
    assert b"IfConditional" not in plan and b"other" not in plan


@pytest.mark.parametrize("rows", [2, 5])
def test_condition_from_shapes_waits_for_nothing(rows):
    """Decided on the host when shapes are known, one engine for both."""

    def build(n, x):
        few = binary(n, Op.LESS, length(n, x), scalar(n, 3, torch.int64))
        branch = If(n, few)
        (inside,) = branch.take(x)
        return branch.give(relu(n, inside), unary(n, inside, trt.UnaryOperation.NEG))

    plan, log = build_engine(build, [sample((2, 3))], [((1, 3), (2, 3), (6, 3))])
    assert plan, log
    x = sample((rows, 3))
    (y,) = run_engine(plan, [x])
    torch.testing.assert_close(y, x.relu() if rows < 3 else -x)


@pytest.mark.parametrize("first", [YES, NO], ids=["yes", "no"])
@pytest.mark.parametrize("second", [YES, NO], ids=["yes", "no"])
def test_nested(first, second):
    def build(n, x, a, b):
        outer = If(n, a, "outer")
        x, b = outer.take(x, b)
        inner = If(n, b, "inner")
        (y,) = inner.take(x)
        return outer.give(
            inner.give(relu(n, y), unary(n, y, trt.UnaryOperation.NEG)), unary(n, x, trt.UnaryOperation.ABS)
        )

    def reference(x, a, b):
        return (x.relu() if b else -x) if a else x.abs()

    check(build, [sample((2, 3)), first, second], reference)


@BOTH
def test_loop_in_a_branch(condition):
    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        loop = Loop(n, 3)
        value = loop.carry(inside, lambda v: add(n, v, inside))
        return branch.give(loop.last(value), relu(n, inside))

    check(build, [sample((2, 3)), condition], lambda x, c: x * 4 if c else x.relu())


def test_branch_in_a_loop():
    """The condition changes from trip to trip."""

    def build(n, x):
        loop = Loop(n, length(n, x))
        each = loop.each(x)
        total = loop.loop.add_recurrence(scalar(n, 0.0, torch.float32))
        positive = binary(n, Op.GREATER, each, scalar(n, 0.0, torch.float32))
        branch = If(n, positive)
        a, b = branch.take(total.get_output(0), each)
        total.set_input(1, branch.give(add(n, a, b), a))
        return loop.last(total.get_output(0))

    check(build, [sample((7,))], lambda x: x.clamp(min=0).sum(), dynamic=True)


def test_branch_in_a_loop_over_outer_tensors():
    """Only the condition belongs to the loop; the branches use what is outside."""

    def build(n, x, flags):
        loop = Loop(n, length(n, flags))
        branch = If(n, loop.each(flags))
        (inside,) = branch.take(x)
        result = branch.give(relu(n, inside), unary(n, inside, trt.UnaryOperation.NEG))
        return loop.gather(result, length(n, flags))

    flags = torch.tensor([True, False, False, True])
    check(build, [sample((3,)), flags], lambda x, flags: torch.stack([x.relu() if f else -x for f in flags]))


def test_data_dependent_lengths_in_a_branch():
    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        found = n.add_non_zero(inside).get_output(0)
        return branch.give(found, n.constant(torch.zeros((1, 2), dtype=torch.int32)))

    x = torch.tensor([0.0, 1.0, 0.0, 2.0])
    plan, log = build_engine(lambda n, x, c: n.add_cast(build(n, x, c), trt.float32), [x, YES])
    assert plan, log
    assert late_outputs(plan, [x, YES])[0].tolist() == [[1, 3]]
    assert late_outputs(plan, [x, NO])[0].tolist() == [[0, 0]]


@BOTH
def test_layers_with_weights_in_a_branch(condition):
    kernel = sample((3, 2, 1, 1), seed=1)

    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        layers = [
            n.add_convolution_nd(inside, 3, (1, 1), n.weights(kernel * k), n.weights(torch.zeros(3)))
            for k in (1, 2)
        ]
        return branch.give(*(layer.get_output(0) for layer in layers))

    def reference(x, c):
        return torch.conv2d(x, kernel.double() * (1 if c else 2))

    check(build, [sample((1, 2, 3, 3)), condition], reference)


@BOTH
def test_what_one_branch_alone_uses_runs_only_with_it(condition):
    """Layers outside of the branches that cannot run go with the branch that uses them."""

    def build(n, x, c):
        largest = n.add_topk(x, trt.TopKOperation.MAX, 1, 1).get_output(0)
        shuffle = n.add_shuffle(x)
        shuffle.set_input(1, n.add_cast(largest, trt.int64).get_output(0))
        branch = If(n, c)
        (inside,) = branch.take(x)
        return branch.give(shuffle.get_output(0), relu(n, inside))

    runs_unless(condition, build)


@BOTH
def test_constants_computed_outside(condition):
    """Weights that are transposed before a branch uses them."""
    weight = sample((4, 3), seed=1)

    def build(n, x, c):
        shuffle = n.add_shuffle(n.constant(weight))
        shuffle.first_transpose = (1, 0)
        branch = If(n, c)
        (inside,) = branch.take(x)
        none = trt.MatrixOperation.NONE
        product = n.add_matrix_multiply(inside, none, shuffle.get_output(0), none).get_output(0)
        return branch.give(product, n.constant(torch.ones(2, 4)))

    check(build, [sample((2, 3)), condition], lambda x, c: x @ weight.double().T if c else torch.ones(2, 4))


def test_getters():
    from tests.engine._session import Session

    session = Session()
    n = session.network
    x, c, d = session.input("x", (2, 3)), session.input("c", (), trt.bool), session.input("d", (), trt.bool)
    branch = n.add_if_conditional()
    assert "IfConditional" in branch.name
    branch.name = "choice"
    assert branch.name == "choice"
    inside = branch.add_input(x)
    result = branch.add_output(inside.get_output(0), x)
    condition = branch.set_condition(c)
    kinds = [n.get_layer(i).type for i in range(n.num_layers)]
    assert kinds == [
        trt.LayerType.CONDITIONAL_INPUT,
        trt.LayerType.CONDITIONAL_OUTPUT,
        trt.LayerType.CONDITION,
    ]
    for layer in (inside, result, condition):
        assert layer.conditional.name == "choice"
    assert (condition.num_inputs, condition.num_outputs) == (1, 0)
    assert (inside.num_inputs, inside.num_outputs) == (1, 1)
    assert (result.num_inputs, result.num_outputs) == (2, 1)
    assert result.get_input(1).name == "x" and result.get_input(2) is None
    assert tuple(result.get_output(0).shape) == (2, 3) and result.get_output(0).dtype == trt.float32
    branch.set_condition(d)
    assert n.num_layers == 3 and condition.get_input(0).name == "d"
