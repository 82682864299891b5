"""Weakly typed networks: real types mix, precision requests are kept, outputs get the type asked for."""

import pytest
import tensorrt as trt
import torch

from tests.engine._session import (
    STRONG,
    Session,
    execute,
    needs_weak_types,
    on_device,
    relu_network,
)

WEAK = 0
pytestmark = [pytest.mark.filterwarnings("ignore:Use Deprecated in TensorRT 10.12"), needs_weak_types]


def test_real_types_mix() -> None:
    session = Session(WEAK)
    x, h = session.input("x", (2, 3)), session.input("h", (2, 3), trt.float16)
    layer = session.network.add_elementwise(x, h, trt.ElementWiseOperation.SUM)
    assert layer is not None and layer.get_output(0).dtype == trt.float32


def test_integers_and_reals_do_not_mix() -> None:
    session = Session(WEAK)
    x, i = session.input("x", (2, 3)), session.input("i", (2, 3), trt.int32)
    assert session.network.add_elementwise(x, i, trt.ElementWiseOperation.SUM) is None
    assert "int32" in session.logger.last_error()


def test_precision_flags_are_accepted() -> None:
    session = relu_network(flags=WEAK)
    session.config.set_flag(trt.BuilderFlag.FP16)
    session.config.set_flag(trt.BuilderFlag.BF16)
    session.network.get_layer(0).precision = trt.float16
    assert session.network.get_layer(0).precision_is_set
    assert session.plan() is not None, session.logger.errors()


def test_an_output_gets_the_type_that_was_set() -> None:
    session = relu_network(flags=WEAK)
    layer = session.network.get_layer(0)
    assert not layer.output_type_is_set(0)
    layer.set_output_type(0, trt.float16)
    assert layer.output_type_is_set(0) and layer.get_output_type(0) == trt.float16
    engine = session.engine()
    assert engine.get_tensor_dtype("y") == trt.float16
    x = on_device(torch.randn(2, 3))
    y = torch.empty_like(x, dtype=torch.float16)
    assert execute(engine.create_execution_context(), x, y)
    assert torch.equal(y, x.relu().half())


def test_an_output_gets_its_own_type_again() -> None:
    session = Session(WEAK)
    x = session.input("x", (2, 3))
    layer = session.network.add_topk(x, trt.TopKOperation.MAX, 1, 2)
    layer.set_output_type(0, trt.float16)
    layer.set_output_type(1, trt.int32)
    for index, own in ((0, trt.float32), (1, trt.int32)):
        assert layer.output_type_is_set(index)
        layer.reset_output_type(index)
        assert not layer.output_type_is_set(index) and layer.get_output_type(index) == own
    assert not session.logger.errors()


def test_half_inputs_stay_half_at_the_border() -> None:
    session = Session(WEAK)
    layer = session.network.add_activation(session.input("x", (2, 3), trt.float16), trt.ActivationType.RELU)
    layer.get_output(0).name = "y"
    layer.get_output(0).dtype = trt.float16
    session.network.mark_output(layer.get_output(0))
    engine = session.engine()
    assert engine.get_tensor_dtype("x") == trt.float16
    x = on_device(torch.randn(2, 3).half())
    y = torch.empty_like(x)
    assert execute(engine.create_execution_context(), x, y)
    assert torch.equal(y, x.relu())


@pytest.mark.parametrize("what", ["precision", "output type", "tensor type"])
def test_requests_are_refused_in_a_strongly_typed_network(what: str) -> None:
    session = relu_network(flags=STRONG)
    layer = session.network.get_layer(0)
    if what == "precision":
        layer.precision = trt.float16
    elif what == "output type":
        layer.set_output_type(0, trt.float16)
    else:
        layer.get_output(0).dtype = trt.float16
    assert "Cast" in session.logger.last_error()
    assert layer.get_output(0).dtype == trt.float32
    assert not layer.precision_is_set


def test_naming_the_inferred_type_is_harmless() -> None:
    session = relu_network(flags=STRONG)
    session.network.get_layer(0).get_output(0).dtype = trt.float32
    assert session.logger.errors() == []
