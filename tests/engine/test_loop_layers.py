"""Layers of loops: their interface, and their rules, each broken once.

Numbers are those of loop_boundary.cpp, by layer kind.
"""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import Refused, build_engine, build_error, run_engine, sample
from tests.engine._control import CONCATENATE, COUNT, LAST, WHILE, Loop, Op, scalar
from tests.engine._session import Session

X = sample((4, 3))


def refused(build, *inputs):
    return build_error(build, list(inputs) or [X])


def taken(layer, what="layer"):
    if layer is None:
        raise Refused(what)
    return layer


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
