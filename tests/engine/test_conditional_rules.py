"""Rules of conditionals, each broken once.

Numbers are those of conditional_boundary.cpp (by layer kind) and of outline_conditional.cpp (alone).
"""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import build_error, sample
from tests.engine._control import COUNT, If, add, late, relu, scalar, unary

YES = torch.tensor(True)


def refused(build, *inputs):
    return build_error(build, list(inputs))


X = sample((2, 3))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        pytest.param(X, "bool", id="Condition-c1"),
        pytest.param(sample((1,), torch.bool), "scalar", id="Condition-c2"),
    ],
)
def test_conditions_refused(condition, text):
    def build(n, x, c):
        branch = n.add_if_conditional()
        branch.set_condition(c)
        return branch.add_output(x, x)

    assert text in refused(build, X, condition)


def uint8_input(n, x, c):
    from tests.engine._case import Refused

    if n.add_if_conditional().add_input(n.network.add_input("u", trt.uint8, (2,))) is None:
        raise Refused("uint8")


def test_uint8_does_not_go_in():  # ConditionalInput c1
    assert "uint8" in refused(uint8_input, X, YES)


def different_types(n, x, c):
    from tests.engine._case import Refused

    if n.add_if_conditional().add_output(x, n.add_cast(x, trt.float16).get_output(0)) is None:
        raise Refused("types")


def test_results_of_different_types():  # ConditionalOutput c1
    assert "float16" in refused(different_types, X, YES)


def test_results_of_different_ranks():  # ConditionalOutput c2
    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        return branch.give(inside, n.add_reduce(inside, trt.ReduceOperation.SUM, 1, False).get_output(0))

    assert "ranks" in refused(build, X, YES)


def test_no_condition():  # c1
    def build(n, x):
        branch = n.add_if_conditional()
        branch.name = "choice"
        return branch.add_output(x, x)

    log = refused(build, X)
    assert "choice" in log and "setCondition" in log


def test_condition_from_inside():  # c1
    def build(n, x, c):
        branch = n.add_if_conditional()
        inside = branch.add_input(c).get_output(0)
        branch.set_condition(unary(n, inside, trt.UnaryOperation.NOT))
        return branch.add_output(inside, c)

    assert "outside" in refused(build, X, YES)


def test_layer_in_both_branches():  # c2
    def build(n, x, c):
        branch = If(n, c, "choice")
        (inside,) = branch.take(x)
        shared = n.add_activation(inside, trt.ActivationType.RELU)
        shared.name = "shared"
        y = shared.get_output(0)
        return branch.give(unary(n, y, trt.UnaryOperation.NEG), unary(n, y, trt.UnaryOperation.ABS))

    log = refused(build, X, YES)
    assert "choice" in log and "shared" in log and "both" in log


def test_output_from_inside_a_branch():  # c3, when it is marked
    def build(n, x, c):
        branch = If(n, c, "choice")
        (inside,) = branch.take(x)
        y = relu(n, inside)
        branch.give(y, inside)
        return y

    log = refused(build, X, YES)
    assert "choice" in log and "output" in log


def test_output_that_moves_inside():  # c3, at the build
    def build(n, x, c):
        branch = If(n, c, "choice")
        (inside,) = branch.take(x)
        layer = n.add_activation(x, trt.ActivationType.RELU)
        n.network.mark_output(layer.get_output(0))
        layer.set_input(0, inside)
        return branch.give(layer.get_output(0), inside)

    log = refused(build, X, YES)
    assert "choice" in log and "output" in log


def test_use_of_a_tensor_from_inside():  # c3
    def build(n, x, c):
        branch = If(n, c, "choice")
        (inside,) = branch.take(x)
        y = relu(n, inside)
        return late(n, x, add(n, branch.give(y, inside), y))

    log = refused(build, X, YES)
    assert "choice" in log and "uses a tensor from inside" in log


def test_loop_across_a_branch():  # outline.cpp c1
    """The loop takes its value from inside of the branch, the branch its result from inside of the loop."""

    def build(n, x, c):
        branch = If(n, c, "choice")
        (inside,) = branch.take(x)
        loop = n.add_loop()
        loop.name = "turns"
        loop.add_trip_limit(scalar(n, 2), COUNT)
        value = loop.add_recurrence(relu(n, inside))
        value.set_input(1, relu(n, value.get_output(0)))
        result = branch.give(relu(n, value.get_output(0)), inside)
        output = loop.add_loop_output(result, trt.LoopOutput.CONCATENATE)
        output.set_input(1, scalar(n, 2))
        return late(n, x, output.get_output(0))

    log = refused(build, X, YES)
    assert "turns" in log and "choice" in log and "overlap" in log
