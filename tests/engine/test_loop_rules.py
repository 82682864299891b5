"""Loops: interface of their layers, and the rules, each broken once.

Numbers are those of loop_boundary.cpp (by layer kind), outline_loop.cpp ("loop") and loop.cpp ("Loop").
"""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import Log, Refused, build_engine, build_error, device, run_engine, sample
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
from tests.engine._session import Session

X = sample((4, 3))


def refused(build, *inputs, dynamic=False):
    return build_error(build, list(inputs) or [X], dynamic)


def taken(layer, what="layer"):
    if layer is None:
        raise Refused(what)
    return layer


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


def test_interface():
    session = Session()
    n = session.network
    x, count, go = (
        session.input("x", (4, 3)),
        session.input("n", (), trt.int32),
        session.input("c", (), trt.bool),
    )
    start = session.input("s", (3,))
    loop = n.add_loop()
    assert "Loop" in loop.name
    loop.name = "turns"
    assert loop.name == "turns"
    limit = loop.add_trip_limit(count, COUNT)
    each = loop.add_iterator(x, 1, True)
    value = loop.add_recurrence(start)
    last = loop.add_loop_output(value.get_output(0), LAST)
    condition = loop.add_trip_limit(go, WHILE)
    layers = [limit, each, value, last, condition]
    kinds = [
        trt.LayerType.TRIP_LIMIT,
        trt.LayerType.ITERATOR,
        trt.LayerType.RECURRENCE,
        trt.LayerType.LOOP_OUTPUT,
    ]
    assert [n.get_layer(i).type for i in range(n.num_layers)] == [*kinds, trt.LayerType.TRIP_LIMIT]
    assert all(layer.loop.name == "turns" for layer in layers)
    assert (limit.kind, condition.kind) == (COUNT, WHILE)
    assert (limit.num_inputs, limit.num_outputs) == (1, 0)
    assert (each.axis, each.reverse) == (1, True)
    assert tuple(each.get_output(0).shape) == (4,)
    each.axis, each.reverse = 0, False
    assert (each.axis, each.reverse) == (0, False)
    assert tuple(each.get_output(0).shape) == (3,)
    assert (value.num_inputs, value.num_outputs) == (1, 1)
    assert tuple(value.get_output(0).shape) == (3,)
    total = n.add_elementwise(value.get_output(0), each.get_output(0), Op.SUM).get_output(0)
    value.set_input(1, total)
    assert value.num_inputs == 2 and value.get_input(1).name == total.name
    assert tuple(total.shape) == (3,) and total.dtype == trt.float32
    assert (last.kind, last.axis, last.num_inputs) == (LAST, 0, 1)
    assert tuple(last.get_output(0).shape) == (3,)


def test_a_length_makes_the_last_value_all_values():
    def build(n, x):
        loop = Loop(n, 4)
        value = loop.loop.add_recurrence(n.constant(torch.zeros(3)))
        value.set_input(1, loop.each(x))
        output = loop.loop.add_loop_output(value.get_output(0), LAST)
        output.set_input(1, scalar(n, 4))
        assert output.kind == CONCATENATE and output.num_inputs == 2
        output.axis = 1
        assert output.axis == 1 and tuple(output.get_output(0).shape) == (3, 4)
        return output

    plan, log = build_engine(build, [X])
    assert plan, log
    (y,) = run_engine(plan, [X])
    torch.testing.assert_close(y, torch.cat([torch.zeros(1, 3), X[:3]]).T)


def test_axes_are_not_negative():
    session = Session()
    loop, x = session.network.add_loop(), session.input("x", (2, 3))
    assert loop.add_iterator(x, -1) is None
    assert loop.add_loop_output(x, CONCATENATE, -1) is None
    each = loop.add_iterator(x)
    each.axis = -2
    assert each.axis == 0 and len(session.logger.errors()) == 3


def test_layers_of_the_plan_tell_their_bodies():
    session = Session()
    n = session.network
    x = session.input("x", (4, 3))
    loop = n.add_loop()
    loop.name = "turns"
    kept = torch.tensor(4, dtype=torch.int32)
    count = n.add_constant((), trt.Weights(trt.int32, kept.data_ptr(), 1)).get_output(0)
    loop.add_trip_limit(count, COUNT)
    layer = n.add_activation(loop.add_iterator(x).get_output(0), trt.ActivationType.RELU)
    layer.name = "inner"
    output = loop.add_loop_output(layer.get_output(0), CONCATENATE)
    output.set_input(1, count)
    n.mark_output(output.get_output(0))
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    text = session.engine().create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    assert "turns" in text and "inner" in text


# ---- layers alone


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        pytest.param(torch.tensor(1.0), COUNT, id="COUNT of floats"),
        pytest.param(torch.tensor(1, dtype=torch.int32), WHILE, id="WHILE of integers"),
    ],
)
def test_type_of_a_trip_limit(value, kind):  # TripLimit c1
    assert "trip limit" in refused(lambda n, t: taken(n.add_loop().add_trip_limit(t, kind)), value)


def test_trip_limit_is_a_scalar():  # TripLimit c2
    def build(n, x):
        loop = Loop(n, scalar(n, [4]))
        return loop.gather(loop.each(x), 4)

    assert "scalar" in refused(build)


def uint8(n):
    return n.network.add_input("u", trt.uint8, (2, 2))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda n: n.add_loop().add_recurrence(uint8(n)), id="Recurrence-c1"),
        pytest.param(lambda n: n.add_loop().add_iterator(uint8(n)), id="Iterator-c1"),
        pytest.param(lambda n: n.add_loop().add_loop_output(uint8(n), LAST), id="LoopOutput-c1"),
    ],
)
def test_uint8_stays_outside(make):
    assert "uint8" in refused(lambda n, x: taken(make(n)))


def test_axis_of_an_iterator():  # Iterator c2
    def build(n, x):
        loop = Loop(n, 2)
        return loop.gather(loop.each(x, 2), 2)

    assert "axis 2" in refused(build)


def test_type_of_a_length():  # LoopOutput c1
    def build(n, x):
        loop = Loop(n, 4)
        output = loop.loop.add_loop_output(loop.each(x), CONCATENATE)
        output.set_input(1, scalar(n, 4.0, torch.float32))
        return output

    assert "length" in refused(build)


@pytest.mark.parametrize(("size", "text"), [([4], "length"), (-1, "negative")])
def test_length_is_a_scalar_of_at_least_nothing(size, text):  # LoopOutput c2
    def build(n, x):
        loop = Loop(n, 0)
        return loop.gather(loop.each(x), scalar(n, size))

    assert text in refused(build)


def test_axis_of_an_output():  # LoopOutput c3
    def build(n, x):
        loop = Loop(n, 4)
        return loop.gather(loop.each(x), 4, 2)

    assert "axis 2" in refused(build)


def test_four_bits_are_not_put_together():  # LoopOutput c4, Iterator c1
    def build(n, x):
        packed = n.add_quantize(x, scalar(n, 1.0, torch.float32), trt.int4).get_output(0)
        return taken(n.add_loop().add_loop_output(packed, CONCATENATE))

    assert "int4" in refused(build)

    def iterated(n, x):
        packed = n.add_quantize(x, scalar(n, 1.0, torch.float32), trt.int4).get_output(0)
        return taken(n.add_loop().add_iterator(packed))

    assert "int4" in refused(iterated)


# ---- loops as a whole


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
