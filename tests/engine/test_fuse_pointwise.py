"""Chains of layers that work element by element become one layer, and compute what they did."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, check, sample
from tests.engine._memory import empty, run_context
from tests.engine._passes import built, check_fused
from tests.engine._session import Session, on_device
from tests.engine.test_api_debug import Listener
from tests.engine.test_api_profiler import Profiler

OP, ACT, UNARY = trt.ElementWiseOperation, trt.ActivationType, trt.UnaryOperation
NAME = "fuse_pointwise"
SHAPES = {
    "equal": [(4, 6, 8), (4, 6, 8), (4, 6, 8)],
    "odd": [(3, 5, 7), (3, 5, 7), (1, 1, 1)],
    "rows and columns": [(4, 6, 8), (1, 1, 8), (4, 6, 1)],
    "inside": [(4, 6, 8), (1, 6, 1), (4, 1, 8)],
    "all broadcast": [(4, 1, 8), (1, 6, 1), (1, 1, 8)],
    "one element": [(1, 1), (1, 1), (1, 1)],
    "rank 0": [(), (), ()],
    "empty": [(0, 3), (1, 3), (0, 1)],
    "rank 8": [(2,) * 8, (1,) * 7 + (2,), (2,) + (1,) * 7],
    "large": [(64, 4096), (1, 4096), (64, 1)],
    "large and deep": [(3, 5, 96, 128), (3, 1, 1, 128), (1, 5, 96, 1)],
}


def swish(n: Any, x: Any, y: Any, z: Any) -> Any:
    """x * sigmoid(x) * y + z"""
    gate = n.add_activation(x, ACT.SIGMOID).get_output(0)
    product = n.add_elementwise(x, gate, OP.PROD).get_output(0)
    scaled = n.add_elementwise(product, y, OP.PROD).get_output(0)
    return n.add_elementwise(scaled, z, OP.SUM).get_output(0)


def swish_reference(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    return x * x.sigmoid() * y + z


def samples(name: str, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    return [sample(shape, dtype, seed=i) for i, shape in enumerate(SHAPES[name])]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str, dtype: torch.dtype) -> None:
    check_fused(swish, samples(name, dtype), swish_reference, NAME)


@pytest.mark.parametrize("name", ["equal", "inside", "empty", "large"])
def test_dynamic_shapes(name: str) -> None:
    check(swish, samples(name), swish_reference, dynamic=True)


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32, torch.int64, torch.bool])
def test_select_and_constants(dtype: torch.dtype) -> None:
    x, y = sample((5, 9), seed=1), sample((5, 1), dtype, seed=2)
    value = torch.tensor([[3]], dtype=dtype) if dtype != torch.bool else torch.tensor([[True]])

    def build(n: Any, x: Any, y: Any) -> Any:
        chosen = n.add_elementwise(x, n.constant(torch.tensor([[0.5]])), OP.GREATER).get_output(0)
        return n.add_select(chosen, y, n.constant(value)).get_output(0)

    check(build, [x, y], lambda x, y: torch.where(x > 0.5, y, value.to(y.dtype)), dtypes=[dtype])
    assert NAME in built(build, [x, y])[1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("slope", [(4, 6, 8), (1, 6, 1), (1, 1, 1)])
def test_parametric_relu(slope: tuple[int, ...], dtype: torch.dtype) -> None:
    def build(n: Any, x: Any, slope: Any) -> Any:
        y = n.add_unary(x, UNARY.NEG).get_output(0)
        return n.add_unary(n.add_parametric_relu(y, slope).get_output(0), UNARY.ABS).get_output(0)

    def reference(x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        return torch.where(-x < 0, -x * slope, -x).abs()

    check_fused(build, [sample((4, 6, 8), dtype), sample(slope, dtype, seed=1)], reference, NAME)


def test_a_large_sum_that_broadcasts_is_a_layer_of_its_own() -> None:
    inputs = [sample((32, 64, 64)), sample((1, 64, 64), seed=1)]

    def build(n: Any, x: Any, y: Any) -> Any:
        return n.add_elementwise(x, y, OP.SUM).get_output(0)

    check_fused(build, inputs, torch.add, NAME)
    assert NAME not in built(build, [inputs[0], inputs[0]])[1]


def test_channels_last_comes_out_channels_last_inside() -> None:
    """Between a convolution, whose result lies channels last, and another one."""
    x, w = sample((2, 8, 10, 10)), sample((8, 8, 3, 3), seed=1)

    def conv(n: Any, x: Any) -> Any:
        layer = n.add_convolution_nd(x, 8, (3, 3), n.weights(w), trt.Weights())
        layer.padding_nd = (1, 1)
        return layer.get_output(0)

    def build(n: Any, x: Any) -> Any:
        y = conv(n, x)
        gate = n.add_activation(y, ACT.SIGMOID).get_output(0)
        bias = n.constant(sample((1, 8, 1, 1), seed=3))
        return conv(
            n,
            n.add_elementwise(n.add_elementwise(y, gate, OP.PROD).get_output(0), bias, OP.PROD).get_output(0),
        )

    def reference(x: torch.Tensor) -> torch.Tensor:
        f = torch.nn.functional.conv2d
        y = f(x, w.to(x), padding=1)
        return f(y * y.sigmoid() * sample((1, 8, 1, 1), seed=3).to(x), w.to(x), padding=1)

    check_fused(build, [x], reference, NAME)


# ---- what must stay


class Swish(Session):
    """x -> "gate" -> "product" -> "scaled" by a constant -> y"""

    def __init__(self, *flags: trt.BuilderFlag) -> None:
        super().__init__()
        for flag in flags:
            self.config.set_flag(flag)
        n, x = self.network, self.input("x", (2, 3))
        self.kept = [torch.full((1, 1), 2.0)]
        gate = n.add_activation(x, ACT.SIGMOID)
        product = n.add_elementwise(x, gate.get_output(0), OP.PROD)
        factor = n.add_constant((1, 1), trt.Weights(trt.float32, self.kept[0].data_ptr(), 1))
        scaled = n.add_elementwise(product.get_output(0), factor.get_output(0), OP.PROD)
        gate.name, product.name, factor.name, scaled.name = "gate", "product", "factor", "scaled"
        gate.get_output(0).name, product.get_output(0).name, scaled.get_output(0).name = "g", "p", "y"
        self.tensors = {"g": gate.get_output(0), "p": product.get_output(0)}
        n.mark_output(scaled.get_output(0))
        self.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED


X = sample((2, 3))


def run(context: trt.IExecutionContext) -> torch.Tensor:
    y = empty((2, 3))
    assert run_context(context, {"x": on_device(X)}, {"y": y})
    return y.cpu()


def layers_of(engine: trt.ICudaEngine) -> list[dict[str, Any]]:
    text = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    return [layer for layer in json.loads(text)["Layers"] if layer["LayerType"] != "Constant"]


def test_an_inspector_names_the_parts() -> None:
    [layer] = layers_of(Swish().engine())
    assert (layer["Name"], layer["LayerType"], layer["Origin"]) == ("scaled", "Pointwise", "POINTWISE")
    assert [part["Name"] for part in layer["Body"]] == ["gate", "product", "factor", "scaled"]
    assert [part["LayerType"] for part in layer["Body"]] == [
        "Activation",
        "ElementWise",
        "Constant",
        "ElementWise",
    ]
    assert [x["Name"] for x in layer["Inputs"]] == ["x"] and [y["Name"] for y in layer["Outputs"]] == ["y"]


def test_a_profiler_is_told_one_layer() -> None:
    context, profiler = Swish().engine().create_execution_context(), Profiler()
    context.profiler = profiler
    torch.testing.assert_close(run(context), 2 * X * X.sigmoid())
    assert profiler.names() == ["scaled"]


def test_a_debug_tensor_stays() -> None:
    session, listener = Swish(), Listener()
    assert session.network.mark_debug(session.tensors["g"])
    engine = session.engine()
    assert [layer["Name"] for layer in layers_of(engine)] == ["gate", "scaled"]
    context = engine.create_execution_context()
    assert context.set_debug_listener(listener) and context.set_tensor_debug_state("g", True)
    torch.testing.assert_close(run(context), 2 * X * X.sigmoid())
    assert listener.names() == ["g"]


def test_an_output_in_the_middle_is_another_result() -> None:
    session = Swish()
    session.network.mark_output(session.tensors["p"])
    engine = session.engine()
    [layer] = layers_of(engine)
    assert layer["Name"] == "scaled" and [y["Name"] for y in layer["Outputs"]] == ["y", "p"]
    y, p = empty((2, 3)), empty((2, 3))
    assert run_context(engine.create_execution_context(), {"x": on_device(X)}, {"y": y, "p": p})
    torch.testing.assert_close(p.cpu(), X * X.sigmoid())
    torch.testing.assert_close(y.cpu(), 2 * X * X.sigmoid())


def test_a_constant_inside_is_refitted() -> None:
    engine = Swish(trt.BuilderFlag.REFIT).engine()
    logger = trt.Logger(trt.Logger.ERROR)
    refitter, weights = trt.Refitter(engine, logger), torch.full((1, 1), -3.0)
    assert refitter.set_weights(
        "factor", trt.WeightsRole.CONSTANT, trt.Weights(trt.float32, weights.data_ptr(), 1)
    )
    assert refitter.refit_cuda_engine()
    torch.testing.assert_close(run(engine.create_execution_context()), -3 * X * X.sigmoid())


def test_a_plan_written_again_runs_the_same() -> None:
    logger = trt.Logger(trt.Logger.ERROR)
    engine = Swish().engine()
    again = trt.Runtime(logger).deserialize_cuda_engine(engine.serialize())
    assert [layer["Name"] for layer in layers_of(again)] == ["scaled"]
    torch.testing.assert_close(run(again.create_execution_context()), run(engine.create_execution_context()))


def test_arithmetic_on_shapes_stays_on_the_host() -> None:
    """Lengths of a reshape, twice halved: nothing of it becomes a layer on the device."""
    x = sample((4, 6))

    def build(n: Any, x: Any) -> Any:
        lengths = n.add_cast(n.add_shape(x).get_output(0), trt.int64).get_output(0)
        two = n.constant(torch.tensor([2, 1]))
        inverse = n.constant(torch.tensor([1, 2]))
        half = n.add_elementwise(lengths, two, OP.FLOOR_DIV).get_output(0)
        shuffle = n.add_shuffle(x)
        shuffle.set_input(1, n.add_elementwise(half, inverse, OP.PROD).get_output(0))
        return shuffle.get_output(0)

    check(build, [x], lambda x: x.reshape(2, 12), dynamic=[((4, 6), (4, 6), (8, 6))])
    assert NAME not in built(build, [x])[1]


def test_repeated_runs_reuse_what_they_made() -> None:
    """Blocks of one context are used again with other values; on CUDA the run is recorded meanwhile."""
    x, y, z = samples("large")
    session = Session()
    inputs = [session.input(name, tuple(t.shape)) for name, t in zip("xyz", (x, y, z), strict=True)]
    result = swish(session.network, *inputs)
    result.name = "out"
    session.network.mark_output(result)
    context = session.engine().create_execution_context()
    out = empty((64, 4096))
    memory = {name: on_device(t.clone()) for name, t in zip("xyz", (x, y, z), strict=True)}
    for factor in (1, 2, -1, 3, 0.5):
        memory["x"].copy_(x * factor)
        assert run_context(context, memory, {"out": out})
        torch.testing.assert_close(out.cpu(), swish_reference(x * factor, y, z))
