"""Loops as a whole: rules, each broken once.

Numbers are those of outline_loop.cpp ("loop") and loop.cpp ("Loop").
"""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import Log, build_engine, build_error, device, run_engine, sample
from tests.engine._control import (
    CONCATENATE,
    COUNT,
    LAST,
    REVERSE,
    WHILE,
    Loop,
    Op,
    add,
    binary,
    late,
    length,
    relu,
    scalar,
)

X = sample((4, 3))


def refused(build, *inputs, dynamic=False):
    return build_error(build, list(inputs) or [X], dynamic)


def run_failure(plan, inputs):
    """What the log says of a run whose shapes are refused."""
    log = Log()
    context = trt.Runtime(log).deserialize_cuda_engine(plan).create_execution_context()
    kept = [x.to(device()) for x in inputs]
    for i, x in enumerate(kept):
        assert context.set_input_shape(f"x{i}", tuple(x.shape))
        assert context.set_tensor_address(f"x{i}", x.data_ptr())
    room = torch.zeros(1024, device=device())
    assert context.set_tensor_address("y0", room.data_ptr())
    assert not context.execute_async_v3(torch.cuda.current_stream().cuda_stream if kept[0].is_cuda else 0)
    return log.text


def test_no_trip_limit():  # loop c1
    def build(n, x):
        loop = Loop(n, None, "turns")
        return loop.gather(loop.each(x), 4)

    log = refused(build)
    assert "turns" in log and "trip limit" in log


@pytest.mark.parametrize("kind", [COUNT, WHILE])
def test_two_trip_limits_of_a_kind(kind):  # loop c1
    def build(n, x):
        loop = Loop(n, None, "turns")
        for i in range(2):
            value = loop.loop.add_recurrence(scalar(n, True, torch.bool)) if kind == WHILE else None
            if value is not None:
                value.set_input(1, value.get_output(0))
            loop.loop.add_trip_limit(value.get_output(0) if value else scalar(n, i + 1), kind)
        return loop.gather(loop.each(x), 4)

    log = refused(build)
    assert "turns" in log and "two trip limits" in log


def test_count_from_inside():  # loop c2
    def build(n, x):
        loop = Loop(n, None, "turns")
        index = loop.carry(scalar(n, 2), lambda i: add(n, i, scalar(n, 1)))
        loop.loop.add_trip_limit(index, COUNT)
        return loop.gather(loop.each(x), 4)

    log = refused(build)
    assert "turns" in log and "outside" in log


def test_condition_from_outside():  # loop c2
    def build(n, x):
        loop = Loop(n, 2, "turns")
        loop.go_on_while(scalar(n, True, torch.bool))
        return loop.gather(loop.each(x), 4)

    log = refused(build)
    assert "turns" in log and "inside" in log


def test_recurrence_without_a_next_value():  # loop c3
    def build(n, x):
        loop = Loop(n, 2, "turns")
        return loop.loop.add_loop_output(loop.loop.add_recurrence(x).get_output(0), LAST)

    log = refused(build)
    assert "turns" in log and "next value" in log


def test_last_value_of_something_else():  # loop c4
    def build(n, x):
        loop = Loop(n, 2, "turns")
        return loop.loop.add_loop_output(relu(n, loop.each(x)), LAST)

    log = refused(build)
    assert "turns" in log and "LAST_VALUE" in log


def test_last_value_of_another_loop():  # loop c4
    def build(n, x):
        outer, inner = Loop(n, 2, "outer"), Loop(n, 2, "inner")
        value = outer.carry(x, lambda v: relu(n, v))
        other = inner.carry(value, lambda v: relu(n, v))
        return late(n, x, outer.last(other))

    log = refused(build)
    assert "outer" in log and "LAST_VALUE" in log


@pytest.mark.parametrize("kind", [CONCATENATE, REVERSE])
def test_no_length(kind):  # loop c5
    def build(n, x):
        loop = Loop(n, 4, "turns")
        return loop.loop.add_loop_output(loop.each(x), kind)

    log = refused(build)
    assert "turns" in log and "length" in log


def test_length_from_inside():  # loop c5
    def build(n, x):
        loop = Loop(n, 4, "turns")
        index = loop.carry(scalar(n, 4), lambda i: add(n, i, scalar(n, 1)))
        return late(n, x, loop.gather(loop.each(x), index))

    log = refused(build)
    assert "turns" in log and "outside" in log


def test_condition_of_an_iterator():  # loop c6
    def build(n, x, flags):
        loop = Loop(n, None, "turns")
        loop.go_on_while(loop.each(flags))
        return loop.gather(loop.each(x), 4)

    log = refused(build, X, torch.ones(4, dtype=torch.bool))
    assert "turns" in log and "iterator" in log


def test_condition_of_a_loop_inside():  # loop c6
    def build(n, x):
        outer = Loop(n, None, "outer")
        index = outer.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        inner = Loop(n, 2, "inner")
        sums = inner.last(inner.carry(index, lambda v: add(n, v, v)))
        outer.go_on_while(binary(n, Op.LESS, sums, scalar(n, 9)))
        return outer.gather(outer.each(x), 4)

    log = refused(build)
    assert "outer" in log and "inner" in log


def test_condition_of_another_loops_recurrence():  # loop c6
    def build(n, x):
        outer, inner = Loop(n, 2, "outer"), Loop(n, None, "inner")
        i = outer.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        j = inner.carry(scalar(n, 0), lambda j: add(n, j, scalar(n, 1)))
        inner.go_on_while(binary(n, Op.LESS, j, i))
        return outer.gather(inner.last(j), 2)

    log = refused(build)
    assert "inner" in log and "recurrence" in log


def test_initial_value_from_inside():  # loop c7
    def build(n, x):
        loop = Loop(n, 2, "turns")
        first = loop.loop.add_recurrence(x)
        value = loop.carry(relu(n, first.get_output(0)), lambda v: relu(n, v))
        first.set_input(1, value)
        return loop.last(first.get_output(0))

    log = refused(build)
    assert "turns" in log and "initial value" in log and "outside" in log


def test_iterated_tensor_from_inside():  # loop c7
    def build(n, x):
        loop = Loop(n, 2, "turns")
        value = loop.loop.add_recurrence(x)
        value.set_input(1, relu(n, value.get_output(0)))
        return late(n, x, loop.gather(loop.each(value.get_output(0)), 2))

    log = refused(build)
    assert "turns" in log and "outside" in log


def test_value_that_depends_on_the_result():  # loop c7
    def build(n, x):
        loop = Loop(n, 2, "turns")
        value = loop.loop.add_recurrence(x)
        result = loop.last(value.get_output(0))
        value.set_input(1, relu(n, result))
        return result

    log = refused(build)
    assert "turns" in log and "own result" in log


def test_output_from_inside():  # loop c7, when it is marked
    def build(n, x):
        loop = Loop(n, 4, "turns")
        y = relu(n, loop.each(x))
        loop.gather(y, 4)
        return y

    log = refused(build)
    assert "turns" in log and "markOutput" in log


def test_output_that_moves_inside():  # loop c7, at the build
    def build(n, x):
        loop = Loop(n, 4, "turns")
        return loop.gather(late(n, x, loop.each(x)).get_output(0), 4)

    log = refused(build)
    assert "turns" in log and "cannot be an output" in log


def test_use_of_a_tensor_from_inside():  # loop c7
    def build(n, x):
        loop = Loop(n, 4, "turns")
        y = relu(n, loop.each(x))
        total = n.add_reduce(loop.gather(y, 4), trt.ReduceOperation.SUM, 1, False).get_output(0)
        return late(n, x, add(n, total, y))

    log = refused(build)
    assert "turns" in log and "uses a tensor from inside" in log


def test_reverse_without_a_count():  # loop c8
    def build(n, x):
        loop = Loop(n, None, "turns")
        index = loop.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        loop.go_on_while(binary(n, Op.LESS, index, scalar(n, 3)))
        return loop.gather(loop.each(x, 0, True), 4)

    log = refused(build)
    assert "turns" in log and "reversed" in log


def test_loops_that_overlap():  # outline.cpp c1
    def build(n, x):
        first, second = Loop(n, 2, "first"), Loop(n, 2, "second")
        a, b = first.loop.add_recurrence(x), second.loop.add_recurrence(x)
        a.set_input(1, add(n, a.get_output(0), b.get_output(0)))
        b.set_input(1, add(n, b.get_output(0), a.get_output(0)))
        return late(n, x, add(n, first.last(a.get_output(0)), second.last(b.get_output(0))))

    log = refused(build)
    assert "first" in log and "second" in log and "overlap" in log


@pytest.mark.parametrize("depth", [64, 65])
def test_depth(depth):  # outline.cpp c2
    def build(n, x):
        loops = [Loop(n, 1) for _ in range(depth)]

        def turn(k, x):
            value = loops[k].loop.add_recurrence(x)
            inner = value.get_output(0)
            value.set_input(1, turn(k + 1, inner) if k + 1 < depth else relu(n, inner))
            return loops[k].last(inner)

        return turn(0, x)

    if depth > 64:
        assert "at most 64" in refused(build)
        return
    plan, log = build_engine(build, [X])
    assert plan, log
    torch.testing.assert_close(run_engine(plan, [X])[0], X.relu())


def test_recurrence_changes_its_type():  # Loop c2
    def build(n, x):
        loop = Loop(n, 2, "turns")
        return loop.last(loop.carry(x, lambda v: n.add_cast(v, trt.float16).get_output(0)))

    log = refused(build)
    assert "starts with type float32" in log and "float16" in log


def test_recurrence_changes_its_shape():  # Loop c2
    def build(n, x):
        loop = Loop(n, 2, "turns")
        return loop.last(loop.carry(x, lambda v: n.add_concatenation([v, v]).get_output(0)))

    log = refused(build)
    assert "turns" in log and "keep its shape" in log


def test_recurrence_changes_its_shape_when_it_runs():  # Loop c2
    def build(n, x, y):
        loop = Loop(n, 2, "turns")
        value = loop.loop.add_recurrence(x)
        value.set_input(1, y)
        return loop.last(value.get_output(0))

    ranges = [((1, 3), (4, 3), (9, 3))] * 2
    plan, log = build_engine(build, [X, X], ranges)
    assert plan, log
    run_engine(plan, [X, X])
    assert "keep its shape" in run_failure(plan, [X, sample((5, 3))])


def test_more_trips_than_slices():  # Loop c3
    def build(n, x):
        loop = Loop(n, 5, "turns")
        return loop.gather(loop.each(x), 5)

    log = refused(build)
    assert "turns" in log and "4 slices" in log


def test_more_trips_than_slices_when_it_runs():  # Loop c3
    def build(n, x, y):
        loop = Loop(n, length(n, y), "turns")
        return loop.gather(loop.each(x), length(n, y))

    plan, log = build_engine(build, [X, X], [((1, 3), (4, 3), (9, 3))] * 2)
    assert plan, log
    assert "5 trips" in run_failure(plan, [X, sample((5, 3))])


def test_condition_goes_on_beyond_the_slices():  # Loop c3
    def build(n, x):
        loop = Loop(n, None, "turns")
        index = loop.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        loop.go_on_while(binary(n, Op.LESS, index, scalar(n, 9)))
        return loop.gather(loop.each(x), 9)

    plan, log = build_engine(build, [X])
    assert plan, log
    with pytest.raises(AssertionError, match="needs slice 4"):
        run_engine(plan, [X])


def test_more_trips_than_places():  # Loop c4
    def build(n, x):
        loop = Loop(n, 4, "turns")
        return loop.gather(loop.each(x), 3)

    log = refused(build)
    assert "turns" in log and "length 3" in log
