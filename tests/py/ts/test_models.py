"""Whole models, traced and scripted: one engine, as good as eager, in every floating type."""

import pytest
import torch
from torch_tensorrt import ts

from tests.py.ts.harness import compiled, engines_of, inputs_of, run_engine
from tests.py.ts.models import FRONTS, MLP, MobileNet, ResNet, randomized
from tests.util.oracle import assert_as_good_as_eager, float64_reference

MODELS = {
    "resnet": (ResNet, (2, 3, 64, 64)),
    "mobilenet": (MobileNet, (2, 3, 32, 32)),
    "mlp": (MLP, (3, 16)),
}


def case(name: str) -> tuple[torch.nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    build, shape = MODELS[name]
    return randomized(build()), torch.randn(shape)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", MODELS)
def test_engine_bytes(name: str, front: str) -> None:
    model, x = case(name)
    engine = ts.convert_method_to_trt_engine(FRONTS[front](model, x), inputs=inputs_of(x))
    assert isinstance(engine, bytes)
    assert_as_good_as_eager(run_engine(engine, x), model(x).detach(), float64_reference(model, (x,)))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", MODELS)
def test_compiled_module(name: str, front: str) -> None:
    model, x = case(name)
    module = compiled(FRONTS[front](model, x), inputs_of(x), require_full_compilation=True)
    assert engines_of(module) == 1
    assert module.fallbacks == ()
    assert_as_good_as_eager(module(x), model(x).detach(), float64_reference(model, (x,)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", MODELS)
def test_half_types(name: str, dtype: torch.dtype) -> None:
    model, x = case(name)
    model, x = model.to(dtype), x.to(dtype)
    module = compiled(torch.jit.script(model), inputs_of(x), require_full_compilation=True)
    assert module(x).dtype == dtype
    assert_as_good_as_eager(module(x), model(x).detach(), float64_reference(model, (x,)))


def test_undeclared_input_takes_the_type_of_the_weights() -> None:
    import torch_tensorrt

    model, x = case("mlp")
    module = compiled(
        torch.jit.script(model.half()), [torch_tensorrt.Input((3, 16))], require_full_compilation=True
    )
    assert module(x.half()).dtype == torch.float16


@pytest.mark.parametrize("name", MODELS)
def test_operators_are_supported(name: str) -> None:
    model, _ = case(name)
    assert ts.check_method_op_support(torch.jit.script(model))
