"""Loops: recurrences, iterators, outputs of every kind, trip limits of both kinds."""

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import STATIC_AND_DYNAMIC, build_engine, check, run_engine, sample
from tests.engine._control import CONCATENATE, REVERSE, Loop, Op, add, binary, length, relu, scalar
from tests.engine._session import Session, execute, needs_weak_types, on_device

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]


def running_sum(n, x, start):
    loop = Loop(n, length(n, x))
    each = loop.each(x)
    total = loop.loop.add_recurrence(start)
    present = add(n, total.get_output(0), each)
    total.set_input(1, present)
    return [loop.last(total.get_output(0)), loop.gather(present, length(n, x))]


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.int64])
def test_running_sum(dtype, dynamic):
    inputs = [sample((4, 3), dtype), sample((3,), dtype)]
    check(
        running_sum,
        inputs,
        lambda x, start: (start + x.sum(0), start + x.cumsum(0)),
        dynamic=dynamic,
        dtypes=[dtype] * 2,
    )


def test_one_engine_runs_many_lengths():
    x = sample((4, 3))
    plan, log = build_engine(running_sum, [x, sample((3,))], [((0, 3), (4, 3), (9, 3)), None])
    assert plan, log
    for count in (4, 0, 9, 4, 1):
        x, start = sample((count, 3)), sample((3,))
        last, sums = run_engine(plan, [x, start])
        torch.testing.assert_close(last, start + x.sum(0))
        torch.testing.assert_close(sums, start + x.cumsum(0))


@pytest.mark.parametrize("kind", [CONCATENATE, REVERSE], ids=["concatenate", "reverse"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_slices_of_every_type(dtype, reverse, kind):
    def build(n, x):
        loop = Loop(n, 3)
        return loop.gather(loop.each(x, 1, reverse), 3, 1, kind)

    x = sample((2, 3, 2), dtype)
    check(build, [x], lambda x: x.flip(1) if reverse != (kind == REVERSE) else x)


@pytest.mark.parametrize("dtype", TYPES)
def test_recurrences_of_every_type(dtype):
    def build(n, x, start):
        loop = Loop(n, 3)
        value = loop.loop.add_recurrence(start)
        value.set_input(1, loop.each(x))
        return [loop.last(value.get_output(0)), loop.gather(value.get_output(0), 4)]

    def reference(x, start):
        return x[2], torch.cat([start[None], x[:2], torch.zeros_like(x[:1])])

    inputs = [sample((3, 2), dtype), sample((2,), dtype, seed=1)]
    check(build, inputs, reference, dtypes=[dtype] * 2)


@pytest.mark.parametrize("out_axis", [0, 1, 2])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("kind", [CONCATENATE, REVERSE], ids=["concatenate", "reverse"])
@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_axes(dynamic, kind, axis, out_axis):
    def build(n, x):
        loop = Loop(n, length(n, x, axis))
        return loop.gather(relu(n, loop.each(x, axis)), length(n, x, axis), out_axis, kind)

    def reference(x):
        y = x.relu().movedim(axis, out_axis)
        return y.flip(out_axis) if kind == REVERSE else y

    check(build, [sample((2, 3, 4))], reference, dynamic=dynamic)


@pytest.mark.parametrize("reverse", [False, True])
def test_rank_one_is_iterated_by_scalars(reverse):
    def build(n, x):
        loop = Loop(n, length(n, x))
        total = loop.loop.add_recurrence(scalar(n, 0.0, torch.float32))
        total.set_input(1, add(n, total.get_output(0), loop.each(x, 0, reverse)))
        return [loop.last(total.get_output(0)), loop.gather(total.get_output(0), length(n, x))]

    def reference(x):
        y = x.flip(0) if reverse else x
        return x.sum(), y.cumsum(0) - y

    check(build, [sample((5,))], reference, dynamic=True, dtypes=[torch.float32] * 2)


@pytest.mark.parametrize("trips", [0, 1, 3, 5, -2])
@pytest.mark.parametrize("kind", [CONCATENATE, REVERSE], ids=["concatenate", "reverse"])
@pytest.mark.parametrize("axis", [0, 1])
def test_padding(trips, kind, axis):
    """Places behind the last value are zero; a negative count is none."""

    def build(n, x):
        loop = Loop(n, trips)
        value = loop.carry(x, lambda v: add(n, v, v))
        return [loop.last(value), loop.gather(value, 5, axis, kind)]

    def reference(x):
        n = max(trips, 0)
        values = [x * 2**i for i in range(n)]
        values = values[::-1] if kind == REVERSE else values
        return x * 2**n, torch.stack(values + [torch.zeros_like(x)] * (5 - n), axis)

    check(build, [sample((3,))], reference, dtypes=[torch.float32] * 2)


def doubling_while(limit, count=None, kind=CONCATENATE):
    """x, 2x, 4x, ... as long as the sum is below the limit."""

    def build(n, x):
        loop = Loop(n, count)
        value = loop.carry(x, lambda v: add(n, v, v))
        total = n.add_reduce(value, trt.ReduceOperation.SUM, 1, False).get_output(0)
        loop.go_on_while(binary(n, Op.LESS, total, scalar(n, limit, torch.float32)))
        return [loop.last(value), loop.gather(value, 6, 0, kind)]

    def reference(x):
        values = []
        while x.sum() < limit and (count is None or len(values) < count):
            values.append(x)
            x = x * 2
        padding = [torch.zeros_like(x)] * (6 - len(values))
        return x, torch.stack((values[::-1] if kind == REVERSE else values) + padding)

    return build, reference


@pytest.mark.parametrize("kind", [CONCATENATE, REVERSE], ids=["concatenate", "reverse"])
@pytest.mark.parametrize("count", [None, 0, 2, 100])
@pytest.mark.parametrize("limit", [0.5, 1.5, 20.0])
@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
def test_while(dynamic, limit, count, kind):
    build, reference = doubling_while(limit, count, kind)
    check(build, [torch.tensor([0.25, 0.5])], reference, dynamic=dynamic, dtypes=[torch.float32] * 2)


def test_while_decides_anew_at_every_run():
    build, reference = doubling_while(20.0)
    plan, log = build_engine(build, [torch.ones(2)])
    assert plan, log
    for x in (torch.ones(2), torch.full((2,), 30.0), torch.full((2,), 0.5), torch.ones(2)):
        for y, wanted in zip(run_engine(plan, [x]), reference(x), strict=True):
            torch.testing.assert_close(y, wanted)


def test_more_trips_than_places_is_an_error_of_the_run():
    build, _ = doubling_while(1e6)
    plan, log = build_engine(build, [torch.ones(2)])
    assert plan, log
    with pytest.raises(AssertionError, match=r"trip 6 has no place in output 1, whose length is 6"):
        run_engine(plan, [torch.ones(2)])


def test_condition_may_end_the_loop_before_slices_do():
    def build(n, x):
        loop = Loop(n)
        index = loop.carry(scalar(n, 0), lambda i: add(n, i, scalar(n, 1)))
        loop.go_on_while(binary(n, Op.LESS, index, scalar(n, 3)))
        return loop.gather(loop.each(x), 4)

    x = sample((3, 2))
    check(build, [x], lambda x: torch.cat([x, torch.zeros(1, 2)]))


def test_recurrences_exchange_their_values():
    """Fibonacci numbers: the next value of one is the value of the other."""

    def build(n, a, b):
        loop = Loop(n, 6)
        first, second = loop.loop.add_recurrence(a), loop.loop.add_recurrence(b)
        first.set_input(1, second.get_output(0))
        second.set_input(1, add(n, first.get_output(0), second.get_output(0)))
        both = [first.get_output(0), second.get_output(0)]
        return [*(loop.last(x) for x in both), loop.gather(both[0], 6)]

    one = torch.ones((), dtype=torch.int64)
    check(
        build,
        [one, one],
        lambda a, b: (a * 13, b * 21, torch.tensor([1, 1, 2, 3, 5, 8])),
        dtypes=[torch.int64] * 3,
    )


def test_count_is_an_input():
    """A shape tensor: in host memory, with bounds in the profile; one engine runs any count."""
    session = Session()
    n, x = session.network, session.input("x", (2,))
    count = session.input("n", (), trt.int32)
    loop = n.add_loop()
    loop.add_trip_limit(count, trt.TripLimit.COUNT)
    value = loop.add_recurrence(x)
    value.set_input(1, n.add_elementwise(value.get_output(0), x, Op.SUM).get_output(0))
    last = loop.add_loop_output(value.get_output(0), trt.LoopOutput.LAST_VALUE).get_output(0)
    every = loop.add_loop_output(value.get_output(0), CONCATENATE)
    every.set_input(1, count)
    assert count.is_shape_tensor and not x.is_shape_tensor
    for i, y in enumerate((last, every.get_output(0))):
        y.name = f"y{i}"
        n.mark_output(y)
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("n", (-1,), (2,), (6,))
    session.config.add_optimization_profile(profile)
    engine = session.engine()
    assert engine.is_shape_inference_io("n") and tuple(engine.get_tensor_shape("y1")) == (-1, 2)
    context, inner = engine.create_execution_context(), on_device(torch.tensor([1.0, 2.0]))
    for trips in (2, 0, 6, -1):
        host = torch.tensor(trips, dtype=torch.int32)
        assert context.set_tensor_address("x", inner.data_ptr())
        assert context.set_tensor_address("n", host.data_ptr())
        outs = [torch.full((2,), 9.0), torch.full((max(trips, 1), 2), 9.0)]
        outs = [on_device(y) for y in outs]
        if trips >= 0:
            assert tuple(context.get_tensor_shape("y1")) == (trips, 2)
        for i, y in enumerate(outs):
            assert context.set_tensor_address(f"y{i}", y.data_ptr())
        stream = torch.cuda.current_stream().cuda_stream if inner.is_cuda else 0
        if trips < 0:  # no trips, but an output cannot have a negative length
            assert not context.execute_async_v3(stream)
            continue
        assert context.execute_async_v3(stream)
        if inner.is_cuda:
            torch.cuda.synchronize()
        torch.testing.assert_close(outs[0].cpu(), inner.cpu() * (trips + 1))
        for i in range(trips):
            torch.testing.assert_close(outs[1][i].cpu(), inner.cpu() * (i + 1))


@needs_weak_types
def test_weakly_typed():
    """Half inputs run in float32, in bodies as well."""
    session = Session(0)
    n, x = session.network, session.input("x", (4, 3), trt.float16)
    loop = n.add_loop()
    count = torch.tensor(4, dtype=torch.int32)
    loop.add_trip_limit(
        n.add_constant((), trt.Weights(trt.int32, count.data_ptr(), 1)).get_output(0), trt.TripLimit.COUNT
    )
    start = torch.zeros(3, dtype=torch.float16)
    zero = n.add_constant((3,), trt.Weights(trt.float16, start.data_ptr(), 3)).get_output(0)
    value = loop.add_recurrence(zero)
    each = loop.add_iterator(x).get_output(0)
    value.set_input(1, n.add_elementwise(value.get_output(0), each, Op.SUM).get_output(0))
    y = loop.add_loop_output(value.get_output(0), trt.LoopOutput.LAST_VALUE).get_output(0)
    y.name = "y"
    n.mark_output(y)
    context = session.engine().create_execution_context()
    x, y = on_device(sample((4, 3), torch.float16)), on_device(torch.zeros(3))
    assert execute(context, x, y)
    torch.testing.assert_close(y.cpu(), x.cpu().float().sum(0))


def test_what_comes_from_outside_is_the_same_in_every_trip():
    def build(n, x, y):
        loop = Loop(n, 3)
        value = loop.loop.add_recurrence(x)
        value.set_input(1, y)
        product = n.add_matrix_multiply(
            value.get_output(0), trt.MatrixOperation.NONE, y, trt.MatrixOperation.TRANSPOSE
        ).get_output(0)
        return [loop.last(value.get_output(0)), loop.gather(product, 3), loop.gather(y, 3)]

    check(
        build,
        [sample((2, 3)), sample((2, 3), seed=1)],
        lambda x, y: (y, torch.stack([x @ y.T, y @ y.T, y @ y.T]), torch.stack([y] * 3)),
        dtypes=[torch.float32] * 3,
    )


def test_empty_values():
    def build(n, x):
        loop = Loop(n, 3)
        return loop.gather(relu(n, loop.each(x)), 3, 1)

    check(build, [torch.zeros(3, 0, 2)], lambda x: x.movedim(0, 1))


def test_output_without_places():
    def build(n, x):
        loop = Loop(n, 0)
        return loop.gather(relu(n, loop.each(x)), 0)

    check(build, [torch.zeros(3, 2)], lambda x: x[:0])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_loops_of_any_shape(data):
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    axis = data.draw(st.integers(0, len(shape) - 1))
    out_axis = data.draw(st.integers(0, len(shape) - 1))
    trips = data.draw(st.integers(0, shape[axis]))
    places = trips + data.draw(st.integers(0, 2))
    reverse, kind = data.draw(st.booleans()), data.draw(st.sampled_from([CONCATENATE, REVERSE]))

    def build(n, x):
        loop = Loop(n, trips)
        return loop.gather(relu(n, loop.each(x, axis, reverse)), places, out_axis, kind)

    def reference(x):
        parts = [x.relu().select(axis, trips - 1 - i if reverse else i) for i in range(trips)]
        parts = parts[::-1] if kind == REVERSE else parts
        rest = torch.zeros([n for i, n in enumerate(shape) if i != axis], dtype=x.dtype)
        parts += [rest] * (places - trips)
        if not parts:
            sizes = list(rest.shape)
            sizes.insert(out_axis, 0)
            return torch.zeros(sizes, dtype=x.dtype)
        return torch.stack(parts, out_axis)

    check(build, [sample(shape)], reference)
