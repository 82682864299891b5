"""Refit of every pass: it changes refittable plans too; weights that fit its pattern or end it are right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import TRT_OF, Net, device, run_engine, sample
from tests.engine._session import STRONG, Logger, on_device
from tests.util.tolerance import tolerances

Weights = dict[str, torch.Tensor]
OP, ACT, UNARY = trt.ElementWiseOperation, trt.ActivationType, trt.UnaryOperation
NONE, TRANSPOSE = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
ROLES = {role.name.lower(): role for role in (trt.WeightsRole.KERNEL, trt.WeightsRole.BIAS,
                                              trt.WeightsRole.SHIFT, trt.WeightsRole.SCALE)}  # fmt: skip
PASSES = Path(__file__).resolve().parents[2] / "core/engine/passes/passes.cpp"


class Network(Net):
    """Layers whose weights are values of a table: a constant's by its name, a layer's own by "layer.role"."""

    def __init__(self, network: trt.INetworkDefinition, values: Weights) -> None:
        super().__init__(network)
        self.values = values

    def given(self, name: str) -> Any:
        value = self.values[name]
        layer = self.add_constant(tuple(value.shape), self.weights(value))
        layer.name = name
        return layer.get_output(0)

    def binary(self, op: Any, a: Any, b: Any) -> Any:
        return self.add_elementwise(a, b, op).get_output(0)

    def unary(self, op: Any, x: Any) -> Any:
        return self.add_unary(x, op).get_output(0)

    def activation(self, kind: Any, x: Any) -> Any:
        return self.add_activation(x, kind).get_output(0)

    def product(self, a: Any, b: Any, how: Any = NONE) -> Any:
        return self.add_matrix_multiply(a, NONE, b, how).get_output(0)

    def mean(self, x: Any) -> Any:
        return self.add_reduce(x, trt.ReduceOperation.AVG, 1 << (len(x.shape) - 1), True).get_output(0)

    def linear(self, x: Any, name: str) -> Any:
        return self.binary(
            OP.SUM, self.product(x, self.given(f"{name} matrix"), TRANSPOSE), self.given(f"{name} bias")
        )

    def convolution(self, x: Any, name: str) -> Any:
        kernel, bias = self.values[f"{name}.kernel"], self.values[f"{name}.bias"]
        layer = self.add_convolution_nd(x, kernel.shape[0], (3, 3), self.weights(kernel), self.weights(bias))
        layer.name = name
        return layer.get_output(0)


@dataclass(frozen=True)
class Case:
    """`weights` by a seed; `breaking` ones end the pattern of the pass, where its pattern depends on them."""

    build: Callable[..., Any]
    reference: Callable[..., torch.Tensor]
    weights: Callable[[int], Weights]
    shapes: list[tuple[int, ...]]
    breaking: Weights = field(default_factory=dict)


def numbers(**values: float) -> Weights:
    return {name: torch.full((1, 1), value) for name, value in values.items()}


def projection(name: str, seed: int, outputs: int = 6) -> Weights:
    weight = sample((1, outputs, 8), low=-1, high=1, seed=seed)
    return {f"{name} matrix": weight, f"{name} bias": sample((1, 1, outputs), seed=seed + 1)}


def kernels(name: str, seed: int) -> Weights:
    return {
        f"{name}.kernel": sample((4, 3, 3, 3), low=-1, high=1, seed=seed),
        f"{name}.bias": sample((4,), seed=seed + 1),
    }


def projected(w: Weights, x: torch.Tensor, name: str) -> torch.Tensor:
    return x @ w[f"{name} matrix"].transpose(-1, -2) + w[f"{name} bias"]


def convolved(w: Weights, x: torch.Tensor, name: str) -> torch.Tensor:
    return F.conv2d(x, w[f"{name}.kernel"], w[f"{name}.bias"])


# ---- one network a pass


def scaled_convolution(n: Network, x: Any) -> Any:
    shift, scale = n.weights(n.values["norm.shift"]), n.weights(n.values["norm.scale"])
    layer = n.add_scale(n.convolution(x, "conv"), trt.ScaleMode.CHANNEL, shift, scale)
    layer.name = "norm"
    return layer.get_output(0)


def scaled(w: Weights, x: torch.Tensor) -> torch.Tensor:
    return convolved(w, x, "conv") * w["norm.scale"].view(-1, 1, 1) + w["norm.shift"].view(-1, 1, 1)


def attention(n: Network, q: Any, k: Any, v: Any) -> Any:
    scores = n.binary(OP.PROD, n.product(q, k, TRANSPOSE), n.given("scale"))
    soft = n.add_softmax(n.binary(OP.SUM, scores, n.given("mask")))
    soft.axes = 1 << 3
    return n.product(soft.get_output(0), v)


def attended(w: Weights, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return (q @ k.transpose(-1, -2) * w["scale"] + w["mask"]).softmax(-1) @ v


def attention_weights(seed: int) -> Weights:
    return {"scale": torch.full((1, 1, 1, 1), 0.3 + seed / 100), "mask": torch.zeros(1, 1, 5, 5)}


def layer_norm(n: Network, x: Any) -> Any:
    d = n.binary(OP.SUB, x, n.mean(x))
    variance = n.mean(n.binary(OP.POW, d, n.given("power")))
    y = n.binary(OP.DIV, d, n.unary(UNARY.SQRT, n.binary(OP.SUM, variance, n.given("epsilon"))))
    return n.binary(OP.SUM, n.binary(OP.PROD, y, n.given("gamma")), n.given("beta"))


def normalized(w: Weights, x: torch.Tensor) -> torch.Tensor:
    d = x - x.mean(-1, keepdim=True)
    root = (d.pow(w["power"]).mean(-1, keepdim=True) + w["epsilon"]).sqrt()
    return d / root * w["gamma"] + w["beta"]


def gelu(n: Network, x: Any) -> Any:
    cube = n.binary(OP.PROD, n.binary(OP.PROD, x, x), x)
    inner = n.binary(OP.SUM, x, n.binary(OP.PROD, n.given("cubic"), cube))
    tanh = n.activation(ACT.TANH, n.binary(OP.PROD, inner, n.given("root")))
    return n.binary(OP.PROD, n.binary(OP.PROD, n.given("half"), x), n.binary(OP.SUM, tanh, n.given("one")))


def gelu_formula(w: Weights, x: torch.Tensor) -> torch.Tensor:
    return w["half"] * x * (torch.tanh(w["root"] * (x + w["cubic"] * x**3)) + w["one"])


def three_projections(n: Network, x: Any) -> Any:
    a, b, c = (n.linear(x, name) for name in "abc")
    return n.binary(OP.SUM, n.binary(OP.PROD, a, b), n.unary(UNARY.ABS, c))


def residual_norm(n: Network, x: Any, r: Any) -> Any:
    layer = n.add_normalization(n.binary(OP.SUM, x, r), n.given("gamma"), n.given("beta"), 1 << 2)
    layer.epsilon = 1e-3
    return layer.get_output(0)


def affine(seed: int) -> Weights:
    return {"gamma": sample((1, 1, 8), low=0.5, high=2, seed=seed), "beta": sample((1, 1, 8), seed=seed + 1)}


def shared(seed: int) -> Weights:
    """The same memory for both at first."""
    value = sample((1, 4), seed=seed)
    return {"a": value, "b": value if seed == 0 else sample((1, 4), seed=seed + 5)}


IMAGE, ROWS, HEADS = (2, 3, 6, 6), (2, 9, 8), (2, 3, 5, 4)
GELU = {"cubic": 0.044715, "root": math.sqrt(2 / math.pi), "half": 0.5, "one": 1.0}
CASES: dict[str, Case] = {
    "weights_to_inputs": Case(
        lambda n, x: n.convolution(x, "conv"),
        lambda w, x: convolved(w, x, "conv"),
        lambda seed: kernels("conv", seed),
        [IMAGE],
    ),
    "remove_no_ops": Case(
        lambda n, x: n.binary(OP.PROD, n.add_identity(x).get_output(0), n.given("a")),
        lambda w, x: x * w["a"],
        lambda seed: {"a": sample((1, 4), seed=seed)},
        [(3, 4)],
    ),
    "fold_constants": Case(
        lambda n, x: n.binary(OP.PROD, x, n.binary(OP.SUM, n.given("a"), n.given("b"))),
        lambda w, x: x * (w["a"] + w["b"]),
        shared,
        [(3, 4)],
    ),
    "merge_equal_nodes": Case(
        lambda n, x: n.binary(OP.SUB, n.binary(OP.PROD, x, n.given("a")), n.binary(OP.PROD, x, n.given("b"))),
        lambda w, x: x * w["a"] - x * w["b"],
        shared,
        [(3, 4)],
    ),
    "fold_scale_into_convolution": Case(
        scaled_convolution,
        scaled,
        lambda seed: {
            **kernels("conv", seed),
            "norm.scale": sample((4,), seed=seed + 2),
            "norm.shift": sample((4,), seed=seed + 3),
        },
        [IMAGE],
        {"norm.scale": torch.tensor([1e30, 0.0, -1.0, 1e-30])},
    ),
    "make_attention": Case(
        attention, attended, attention_weights, [HEADS] * 3, {"scale": torch.zeros(1, 1, 1, 1)}
    ),
    "fold_attention_mask": Case(
        attention, attended, attention_weights, [HEADS] * 3, {"mask": sample((1, 1, 5, 5), seed=9)}
    ),
    "make_linear": Case(
        lambda n, x: n.linear(x, "a"),
        lambda w, x: projected(w, x, "a"),
        lambda seed: projection("a", seed),
        [ROWS],
    ),
    "make_normalization": Case(
        layer_norm,
        normalized,
        lambda seed: {
            **affine(seed),
            "power": torch.full((1, 1, 1), 2.0),
            "epsilon": torch.full((1, 1, 1), 1e-3 + seed / 1000),
        },
        [ROWS],
        {"power": torch.full((1, 1, 1), 4.0)},
    ),
    "make_gelu": Case(gelu, gelu_formula, lambda seed: numbers(**GELU), [(3, 8)], numbers(cubic=0.05)),
    "merge_linears": Case(
        three_projections,
        lambda w, x: projected(w, x, "a") * projected(w, x, "b") + projected(w, x, "c").abs(),
        lambda seed: {**projection("a", seed), **projection("b", seed + 2), **projection("c", seed + 4)},
        [ROWS],
    ),
    "fuse_linear": Case(
        lambda n, x: n.activation(ACT.RELU, n.linear(x, "a")),
        lambda w, x: projected(w, x, "a").relu(),
        lambda seed: projection("a", seed),
        [ROWS],
    ),
    "fuse_convolution": Case(
        lambda n, x: n.activation(ACT.RELU, n.convolution(x, "conv")),
        lambda w, x: convolved(w, x, "conv").relu(),
        lambda seed: kernels("conv", seed),
        [IMAGE],
    ),
    "move_residual_bias": Case(
        lambda n, x, r: n.activation(
            ACT.RELU, n.binary(OP.SUM, n.convolution(x, "a"), n.convolution(r, "b"))
        ),
        lambda w, x, r: (convolved(w, x, "a") + convolved(w, r, "b")).relu(),
        lambda seed: {**kernels("a", seed), **kernels("b", seed + 2)},
        [IMAGE, IMAGE],
    ),
    "fuse_residual_norm": Case(
        residual_norm,
        lambda w, x, r: F.layer_norm(x + r, (8,), w["gamma"].flatten(), w["beta"].flatten(), 1e-3),
        affine,
        [ROWS, ROWS],
    ),
    "fuse_pointwise": Case(
        lambda n, x: n.activation(
            ACT.RELU, n.binary(OP.SUM, n.binary(OP.PROD, x, n.given("a")), n.given("b"))
        ),
        lambda w, x: (x * w["a"] + w["b"]).relu(),
        lambda seed: numbers(a=1.5 + seed, b=-0.25 * seed),
        [(3, 8)],
    ),
}


def inputs_of(case: Case) -> list[torch.Tensor]:
    return [sample(shape, low=-1.5, high=1.5, seed=50 + i) for i, shape in enumerate(case.shapes)]


def wanted(case: Case, values: Weights) -> torch.Tensor:
    exact = {name: value.double() for name, value in values.items()}
    return case.reference(exact, *(x.double() for x in inputs_of(case))).float()


def plan_of(case: Case, values: Weights) -> tuple[Any, set[str]]:
    """A refittable plan, and the passes that changed it."""
    logger = Logger()
    builder = trt.Builder(logger)
    net = Network(builder.create_network(STRONG), values)
    config = builder.create_builder_config()
    config.set_flag(trt.BuilderFlag.REFIT)
    inputs = [net.add_input(f"x{i}", trt.float32, shape) for i, shape in enumerate(case.shapes)]
    y = case.build(net, *inputs)
    y.name = "y0"
    net.mark_output(y)
    plan = builder.build_serialized_network(net.network, config)
    assert plan is not None, logger.errors()
    return plan, {m[1] for _, line in logger.lines if (m := re.match(r"pass (\w+) changed", line))}


def refit(engine: trt.ICudaEngine, values: Weights) -> None:
    logger = Logger()
    refitter = trt.Refitter(engine, logger)
    for name, value in values.items():
        layer, _, role = name.partition(".")
        weights = trt.Weights(TRT_OF[value.dtype], value.data_ptr(), value.numel())
        assert refitter.set_weights(layer, ROLES.get(role, trt.WeightsRole.CONSTANT), weights), (
            logger.errors()
        )
    assert refitter.refit_cuda_engine(), logger.errors()


def result(context: trt.IExecutionContext, case: Case, values: Weights) -> None:
    """What a context computes is what the weights say."""
    expected = wanted(case, values)
    tensors = {f"x{i}": on_device(x) for i, x in enumerate(inputs_of(case))}
    tensors["y0"] = torch.full(expected.shape, float("nan"), device=device())
    for name, tensor in tensors.items():
        assert context.set_tensor_address(name, tensor.data_ptr())
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0)
    torch.testing.assert_close(tensors["y0"].cpu(), expected, **tolerances(torch.float32))


def test_every_pass_has_a_case() -> None:
    assert set(re.findall(r'^    \{"(\w+)", \d', PASSES.read_text(), re.M)) <= set(CASES)


@pytest.mark.parametrize("ends", [False, True], ids=["fits", "ends"])
@pytest.mark.parametrize("name", list(CASES))
def test_refit(name: str, ends: bool) -> None:
    case = CASES[name]
    if ends and not case.breaking:
        pytest.skip("the pattern of the pass depends on no weights")
    old = case.weights(0)
    new = {**case.weights(10), **(case.breaking if ends else {})}
    plan, changed = plan_of(case, old)
    assert name in changed
    engine = trt.Runtime(Logger()).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    result(context, case, old)
    refit(engine, new)
    result(context, case, new)
    expected = wanted(case, new)
    again = run_engine(bytes(engine.serialize()), inputs_of(case))[0]
    torch.testing.assert_close(again, expected, **tolerances(torch.float32))
    refit(engine, old)
    result(engine.create_execution_context(), case, old)
