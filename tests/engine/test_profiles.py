"""Several optimization profiles, values of shape tensors, named dimensions, and outputs for shapes."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._session import Session, execute, on_device, relu_network


def two_profiles() -> Session:
    """x [-1, 3] -> relu -> y: few rows, or many."""
    session = relu_network((-1, 3))
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    session.profile(x=((10, 3), (16, 3), (20, 3)))
    return session


def test_profiles_are_told() -> None:
    engine = two_profiles().engine()
    assert engine.num_optimization_profiles == 2
    assert [tuple(s) for s in engine.get_tensor_profile_shape("x", 0)] == [(1, 3), (2, 3), (4, 3)]
    assert [tuple(s) for s in engine.get_tensor_profile_shape("x", 1)] == [(10, 3), (16, 3), (20, 3)]


def test_switching() -> None:
    session = two_profiles()
    context = session.engine().create_execution_context()
    for profile, rows in ((0, 4), (1, 12), (0, 1), (1, 20), (1, 10)):
        assert context.set_optimization_profile_async(profile, 0)
        assert context.active_optimization_profile == profile
        assert context.set_input_shape("x", (rows, 3))
        x = on_device(torch.randn(rows, 3))
        y = torch.empty_like(x)
        assert execute(context, x, y)
        assert torch.equal(y, x.relu())


def test_shapes_belong_to_a_profile() -> None:
    session = two_profiles()
    context = session.engine().create_execution_context()
    assert context.set_input_shape("x", (4, 3))
    assert context.set_optimization_profile_async(1, 0)
    assert tuple(context.get_tensor_shape("x")) == (-1, 3)  # forgotten
    assert not context.set_input_shape("x", (4, 3))
    assert "optimization profile 1" in session.logger.last_error()
    x = on_device(torch.randn(4, 3))
    assert not execute(context, x, torch.empty_like(x))
    assert "lack a shape" in session.logger.last_error()


def test_two_contexts_on_two_profiles() -> None:
    engine = two_profiles().engine()
    contexts = [engine.create_execution_context() for _ in range(2)]
    assert contexts[1].set_optimization_profile_async(1, 0)
    for context, rows in zip(contexts, (3, 15), strict=True):
        assert context.set_input_shape("x", (rows, 3))
        x = on_device(torch.randn(rows, 3))
        y = torch.empty_like(x)
        assert execute(context, x, y)
        assert torch.equal(y, x.relu())


def test_pinned_lengths_are_known() -> None:
    session = relu_network((-1, -1))
    session.profile(x=((2, 3), (2, 3), (2, 5)))
    context = session.engine().create_execution_context()
    assert tuple(context.get_tensor_shape("x")) == (2, -1)
    assert context.infer_shapes() == ["x"]
    assert context.set_input_shape("x", (2, 4))
    assert context.infer_shapes() == []
    assert tuple(context.get_tensor_shape("y")) == (2, 4)


@pytest.mark.parametrize("invalid", [1, -1, 2**31 - 1])
def test_profiles_that_are_not_there(invalid: int) -> None:
    session = relu_network((-1, 3))
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    context = session.engine().create_execution_context()
    try:
        assert not context.set_optimization_profile_async(invalid, 0)
    except Exception:  # bindings that raise where the call answers false
        pass
    assert context.active_optimization_profile == 0
    assert session.logger.errors()


def test_each_profile_is_checked() -> None:
    session = relu_network((-1, 3))
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    session.profile(x=((1, 4), (2, 4), (4, 4)))
    assert session.plan() is None
    assert "optimization profile 1" in session.logger.last_error()


# ---- values of shape tensors


def reshaping(*spans: tuple[Any, Any, Any]) -> Session:
    """x [24] reshaped to the values of n -> y; a profile for each span of values."""
    session = Session()
    layer = session.network.add_shuffle(session.input("x", (24,)))
    layer.set_input(1, session.input("n", (2,), trt.int64))
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    for span in spans:
        profile = session.builder.create_optimization_profile()
        profile.set_shape_input("n", *span)
        assert session.config.add_optimization_profile(profile) >= 0
    return session


LOW, HIGH = ((-1, 1), (4, 6), (4, 24)), ((8, -1), (8, 3), (24, 3))


def run_reshape(context: trt.IExecutionContext, x: torch.Tensor, lengths: list[int]) -> torch.Tensor | None:
    n, y = torch.tensor(lengths), torch.empty(24, device=device())
    for name, tensor in (("x", x), ("n", n), ("y", y)):
        assert context.set_tensor_address(name, tensor.data_ptr())
    done = context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    if x.is_cuda:
        torch.cuda.synchronize()
    return y.view(tuple(context.get_tensor_shape("y"))) if done else None


def test_values_of_each_profile() -> None:
    session = reshaping(LOW, HIGH)
    engine = session.engine()
    assert engine.get_tensor_location("n") == trt.TensorLocation.HOST and engine.is_shape_inference_io("n")
    for index, span in enumerate((LOW, HIGH)):
        assert [tuple(v) for v in engine.get_tensor_profile_values(index, "n")] == list(span)
    context = engine.create_execution_context()
    x = on_device(torch.randn(24))
    y = run_reshape(context, x, [4, 6])
    assert y is not None and torch.equal(y, x.view(4, 6))
    assert run_reshape(context, x, [8, 3]) is None
    assert "value 8 of element 0" in session.logger.last_error()
    assert context.set_optimization_profile_async(1, 0)
    y = run_reshape(context, x, [8, 3])
    assert y is not None and torch.equal(y, x.view(8, 3))
    assert run_reshape(context, x, [4, 6]) is None
    assert "optimization profile 1" in session.logger.last_error()


def test_values_are_read_when_it_runs() -> None:
    context = reshaping(LOW).engine().create_execution_context()
    x, n, y = on_device(torch.randn(24)), torch.tensor([4, 6]), torch.empty(24, device=device())
    for name, tensor in (("x", x), ("n", n), ("y", y)):
        assert context.set_tensor_address(name, tensor.data_ptr())
    assert tuple(context.get_tensor_shape("y")) == (4, 6)
    n.copy_(torch.tensor([2, 12]))
    assert tuple(context.get_tensor_shape("y")) == (2, 12)
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
    assert context.set_tensor_address("n", 0)
    assert context.infer_shapes() == ["n"]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "min, opt and max values"),
        (((1, 1, 1), (2, 2, 2), (3, 3, 3)), "2 values expected"),
    ],
)
def test_values_that_do_not_fit(span: Any, text: str) -> None:
    session = reshaping(*([span] if span else []))
    assert session.plan() is None
    assert text in session.logger.last_error()


def test_values_in_the_wrong_order() -> None:
    session = Session()
    profile = session.builder.create_optimization_profile()
    with pytest.raises(Exception):  # noqa: B017  (the bindings' own error)
        profile.set_shape_input("n", (2,), (1,), (3,))
    assert "contradict" in session.logger.last_error()
    with pytest.raises(Exception):  # noqa: B017
        profile.set_shape_input("n", [1] * 65, [1] * 65, [1] * 65)
    assert "1 to 64" in session.logger.last_error()


# ---- named dimensions


def named(*spans: tuple[tuple[int, int, int], tuple[int, int, int]]) -> Session:
    """a [rows, 3] and b [rows, 1] -> sum y; the name makes the lengths one."""
    session = Session()
    a, b = session.input("a", (-1, 3)), session.input("b", (-1, 1))
    a.set_dimension_name(0, "rows")
    b.set_dimension_name(0, "rows")
    assert a.get_dimension_name(0) == b.get_dimension_name(0) == "rows"
    y = session.network.add_elementwise(a, b, trt.ElementWiseOperation.SUM).get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    for of_a, of_b in spans:
        session.profile(a=tuple((n, 3) for n in of_a), b=tuple((n, 1) for n in of_b))
    return session


def test_equal_names_are_equal_lengths() -> None:
    session = named(((1, 2, 8), (1, 2, 8)))
    context = session.engine().create_execution_context()
    a, b = on_device(torch.randn(4, 3)), on_device(torch.randn(4, 1))
    y = torch.empty_like(a)
    for name, tensor in (("a", a), ("b", b), ("y", y)):
        assert context.set_input_shape(name, tuple(tensor.shape)) if name != "y" else True
        assert context.set_tensor_address(name, tensor.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if a.is_cuda else 0
    assert context.execute_async_v3(stream)
    torch.testing.assert_close(y.cpu(), (a + b).cpu())
    assert context.set_input_shape("b", (1, 1))  # would broadcast, were it not for the name
    assert not context.execute_async_v3(stream)
    assert '"rows" has length' in session.logger.last_error()


def test_names_need_a_common_length_in_every_profile() -> None:
    session = named(((1, 2, 8), (1, 2, 8)), ((1, 2, 3), (4, 5, 6)))
    assert session.plan() is None
    error = session.logger.last_error()
    assert "optimization profile 1" in error and '"rows"' in error


def test_names_of_static_lengths() -> None:
    session = Session()
    for name, length in (("a", 2), ("b", 3)):
        tensor = session.input(name, (length,))
        tensor.set_dimension_name(0, "n")
        session.network.mark_output(session.network.add_identity(tensor).get_output(0))
    assert session.plan() is None
    assert "no length that all inputs" in session.logger.last_error()


# ---- outputs for shapes


@pytest.mark.parametrize("dtype", [trt.int32, trt.int64])
def test_output_for_shapes(dtype: trt.DataType) -> None:
    session = Session()
    x = session.input("x", (-1, 3))
    session.profile(x=((1, 3), (2, 3), (8, 3)))
    shape = session.network.add_shape(x).get_output(0)
    shape = session.network.add_cast(shape, dtype).get_output(0)
    shape.name = "n"
    assert session.network.mark_output_for_shapes(shape)
    assert not session.network.mark_output_for_shapes(shape)
    assert "is an output already" in session.logger.last_error()
    engine = session.engine()
    assert engine.get_tensor_location("n") == trt.TensorLocation.HOST
    assert engine.is_shape_inference_io("n") and not engine.is_shape_inference_io("x")
    context = engine.create_execution_context()
    n = torch.zeros(2, dtype=torch.int32 if dtype == trt.int32 else torch.int64)
    assert context.set_tensor_address("n", n.data_ptr())
    assert context.set_input_shape("x", (5, 3))
    assert context.infer_shapes() == []
    assert n.tolist() == [5, 3]


def test_output_for_shapes_is_of_integers() -> None:
    session = Session()
    y = session.network.add_identity(session.input("x", (2,))).get_output(0)
    assert not session.network.mark_output_for_shapes(y)
    assert "int32 or int64" in session.logger.last_error()
    session.network.mark_output(y)
    assert session.plan() is not None
