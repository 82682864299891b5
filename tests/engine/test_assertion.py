"""Assertion: at definition, at the shapes of a profile, at run time, of host and of device values."""

import json

import pytest
import tensorrt as trt
import torch

from tests.engine._case import build_engine, build_error, check, device, run_engine, sample
from tests.engine._control import If, Loop, add
from tests.engine._session import Session, execute, io_names, on_device

E = trt.ElementWiseOperation
MESSAGE = "lengths must be equal"


def identity(n, x):
    return n.add_identity(x).get_output(0)


def number(n, value, dtype=torch.int64):
    return n.constant(torch.tensor(value, dtype=dtype))


def length(n, x, axis):
    return n.add_gather(n.add_shape(x).get_output(0), number(n, axis), 0).get_output(0)


def constant(*elements):
    """Asserts a constant."""

    def build(n, x):
        layer = n.add_assertion(n.constant(torch.tensor(elements, dtype=torch.bool)), MESSAGE)
        assert layer.num_outputs == 0
        return identity(n, x)

    return build


def equal_lengths(n, x, y):
    condition = n.add_elementwise(length(n, x, 0), length(n, y, 0), E.EQUAL).get_output(0)
    n.add_assertion(condition, MESSAGE)
    return [identity(n, x), identity(n, y)]


def all_positive(n, x):
    """The condition is computed on the device: half numbers are no shape tensors."""
    zero = n.constant(torch.zeros(1, dtype=torch.float16))
    n.add_assertion(n.add_elementwise(x, zero, E.GREATER).get_output(0), MESSAGE)
    return identity(n, x)


@pytest.mark.parametrize("elements", [(True,), (True, True), ()], ids=str)
def test_true_constants(elements):
    x = sample((2,))
    plan, log = build_engine(constant(*elements), [x])
    assert plan is not None, log
    assert torch.equal(run_engine(plan, [x])[0], x)


@pytest.mark.parametrize("elements", [(False,), (True, False)], ids=str)
def test_false_constants(elements):
    """Assertion c3"""
    log = build_error(constant(*elements), [sample((2,))])
    assert MESSAGE in log and "Assertion" in log


def test_scalar():
    """Assertion c3"""
    x = sample((2,))
    def build(n, x):
        n.add_assertion(number(n, False, torch.bool), MESSAGE)
        return identity(n, x)

    assert MESSAGE in build_error(build, [x])


def test_constants_that_the_host_does_not_evaluate():
    """Assertion c3: half numbers, compared by folding constants; the network is at fault, not the build"""
    half = torch.float16

    def build(n, x):
        condition = n.add_elementwise(number(n, [1.0], half), number(n, [2.0], half), E.GREATER)
        n.add_assertion(condition.get_output(0), MESSAGE)
        return identity(n, x)

    log = build_error(build, [sample((2,))])
    assert MESSAGE in log and "Error Code 4" in log


def test_lengths_that_a_profile_contradicts():
    """Assertion c3: at the opt shapes"""
    ranges = [((2,), (3,), (4,)), ((2,), (4,), (4,))]
    log = build_error(equal_lengths, [sample((3,)), sample((4,))], ranges)
    assert MESSAGE in log and "opt" in log


def test_lengths_of_a_run():
    """Assertion c3: a run fails, and the next is not affected"""
    span = ((2,), (3,), (4,))
    plan, log = build_engine(equal_lengths, [sample((3,)), sample((3,))], [span, span])
    assert plan is not None, log
    for shape in [(3,), (4,)]:
        inputs = [sample(shape), sample(shape, seed=1)]
        assert all(map(torch.equal, run_engine(plan, inputs), inputs))
    session = Session()
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    context.set_input_shape("x0", (3,))
    context.set_input_shape("x1", (4,))
    with pytest.raises(RuntimeError):
        context.infer_shapes()
    assert any(MESSAGE in text for text in session.logger.errors())
    session.logger.lines.clear()
    memory = on_device(torch.zeros(16))
    for name in ("x0", "x1", "y0", "y1"):
        context.set_tensor_address(name, memory.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert not context.execute_async_v3(stream)
    assert any(MESSAGE in text for text in session.logger.errors())
    context.set_input_shape("x1", (3,))
    assert context.execute_async_v3(stream)


def test_values_of_the_device():
    """Assertion c3"""
    x = torch.tensor([1.0, 2.0, 3.0]).half()
    plan, log = build_engine(all_positive, [x])
    assert plan is not None, log
    assert torch.equal(run_engine(plan, [x])[0], x)
    with pytest.raises(AssertionError, match=MESSAGE):
        run_engine(plan, [x - 1])
    assert torch.equal(run_engine(plan, [x])[0], x)


@pytest.mark.parametrize("values", [[1, 2], [0, 2]])
def test_values_of_a_shape_input(values):
    """Assertion c3: of values that the caller gives in host memory"""
    session = Session()
    n, lengths = session.network, session.input("lengths", (2,), trt.int32)
    zeros = torch.zeros(2, dtype=torch.int32)
    constant = n.add_constant((2,), trt.Weights(zeros.numpy())).get_output(0)
    n.add_assertion(n.add_elementwise(lengths, constant, E.GREATER).get_output(0), MESSAGE)
    y = n.add_identity(session.input("x", (2,))).get_output(0)
    y.name = "y"
    n.mark_output(y)
    profile = session.builder.create_optimization_profile()
    profile.set_shape_input("lengths", (0, 0), (2, 2), (9, 9))
    session.config.add_optimization_profile(profile)
    engine = session.engine()
    assert engine.is_shape_inference_io("lengths")
    context = engine.create_execution_context()
    kept = torch.tensor(values, dtype=torch.int32)
    context.set_tensor_address("lengths", kept.data_ptr())
    x = on_device(sample((2,)))
    assert execute(context, x, torch.empty_like(x)) == all(v > 0 for v in values)
    assert any(MESSAGE in text for text in session.logger.errors()) == (0 in values)


def test_inspector():
    session = Session()
    plan, _ = build_engine(constant(True), [sample((2,))])
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    text = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    assert io_names(json.loads(text)) == ["x0", "y0"]
    assert session.logger.errors() == []


HALF = torch.float16


def counting_loop(count):
    """Adds 1 to x `count` times, as long as it is below 4 before that."""

    def build(n, x):
        loop = Loop(n, count)
        value = loop.carry(x, lambda value: add(n, value, number(n, [1.0], HALF)))
        n.add_assertion(n.add_elementwise(value, number(n, [3.5], HALF), E.LESS).get_output(0), MESSAGE)
        return loop.last(value)

    return build


@pytest.mark.parametrize("count", [0, 2, 4])
def test_loop_whose_iterations_hold(count):
    check(counting_loop(count), [torch.zeros(1, dtype=HALF)], lambda x: x + count)


def test_loop_with_an_iteration_that_fails():
    """Assertion c3"""
    x = torch.zeros(1, dtype=HALF)
    plan, log = build_engine(counting_loop(5), [x])
    assert plan is not None, log
    with pytest.raises(AssertionError, match=MESSAGE):
        run_engine(plan, [x])
    assert torch.equal(run_engine(plan, [x - 1])[0], x + 4)


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("x", [1.0, -1.0])
def test_branch(x, taken):
    """Assertion c3: only where the branch is taken"""

    def build(n, x, condition):
        branch = If(n, condition)
        (inside,) = branch.take(x)
        y = n.add_activation(inside, trt.ActivationType.RELU).get_output(0)
        n.add_assertion(n.add_elementwise(y, number(n, [0.5], HALF), E.GREATER).get_output(0), MESSAGE)
        return branch.give(y, inside)

    inputs = [torch.tensor([x], dtype=HALF), torch.tensor(taken)]
    plan, log = build_engine(build, inputs)
    assert plan is not None, log
    if taken and x < 0:
        with pytest.raises(AssertionError, match=MESSAGE):
            run_engine(plan, inputs)
    else:
        assert torch.equal(run_engine(plan, inputs)[0], inputs[0])


def test_message():
    session = Session()
    layer = session.network.add_assertion(session.input("c", (2,), trt.bool), MESSAGE)
    assert layer.message == MESSAGE
    layer.message = "another"
    assert layer.message == "another"
    assert session.logger.errors() == []


REFUSED = {
    "Assertion c1: integers": (sample((2,), torch.int32), "the condition has to be bool, not int32"),
    "Assertion c2: rank": (sample((2, 3), torch.bool), "rank 0 or 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    condition, message = REFUSED[name]

    def build(n, c):
        n.add_assertion(c, MESSAGE)
        return identity(n, c)

    assert message in build_error(build, [condition])
