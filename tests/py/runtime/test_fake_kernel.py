"""execute_engine without data: what tracers are told about its outputs."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.export import Dim, export
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch_tensorrt._errors import EngineError, InputError

from tests.py.runtime import engines
from tests.py.runtime.engines import DEVICE, ROWS, TWO_ROWS, TorchTensorRTModule, module, randn

DOUBLED = {
    "inputs": [{"shape": ["s0", 3], "dtype": "float32"}],
    "outputs": [{"shape": [["*", 2, "s0"], 3], "dtype": "float32"}],
}


def fake(*shape, dtype=torch.float32):
    return torch.empty(*shape, dtype=dtype, device=DEVICE)


def test_fixed_shapes():
    held = module(engines.relu())
    with FakeTensorMode():
        out = held(fake(2, 3))
    assert out.shape == (2, 3) and out.dtype == torch.float32 and out.device.type == DEVICE.type


def test_shapes_from_expressions():
    held = module(engines.doubled_rows, ROWS, symbolic_shape_expressions=DOUBLED)
    with FakeTensorMode():
        assert held(fake(5, 3)).shape == (10, 3)


def test_shapes_from_the_engine_where_nothing_is_stored():
    held = module(engines.doubled_rows, ROWS)
    with FakeTensorMode():
        assert held(fake(5, 3)).shape == (10, 3)
    x = randn(2, 3)
    torch.testing.assert_close(held(x), torch.cat([x, x]))


def test_unknown_sizes_become_symbols():
    held = module(engines.reshape_by_value, {"x": ((1,), (6,), (12,)), "size": ((1, 1), (2, 3), (12, 12))})
    with FakeTensorMode(shape_env=ShapeEnv()):
        out = held(fake(6), torch.empty(2, dtype=torch.int64))
    assert out.dim() == 2 and all(isinstance(size, torch.SymInt) for size in out.shape)


def test_expressions_outlive_the_state_dict():
    held = module(engines.doubled_rows, ROWS, symbolic_shape_expressions=DOUBLED)
    other = TorchTensorRTModule()
    other.load_state_dict(held.state_dict())
    assert other.symbolic_shape_expressions == held.symbolic_shape_expressions


def test_export_keeps_symbols():
    held = module(engines.doubled_rows, ROWS, symbolic_shape_expressions=DOUBLED)
    program = export(held, (randn(4, 3),), dynamic_shapes=(({0: Dim("rows", max=8)},),), strict=False)
    (call,) = [n for n in program.graph.nodes if n.target is torch.ops.tensorrt.execute_engine.default]
    (value,) = call.meta["val"]
    assert str(value.shape[0]).startswith("2*")
    x = randn(7, 3)
    torch.testing.assert_close(program.module()(x), torch.cat([x, x]))


def test_wrong_inputs_are_refused_while_tracing():
    held = module(engines.sum_and_product, TWO_ROWS)
    with FakeTensorMode():
        with pytest.raises(InputError, match=r"'y' .*engine expects float32, got int64"):
            held(fake(2, 3), fake(2, 3, dtype=torch.int64))
        with pytest.raises(InputError, match="takes 2 inputs"):
            held(fake(2, 3))
        with pytest.raises(InputError, match="expects 2 axes"):
            held(fake(2, 3), fake(2, 3, 1))


def test_expressions_of_another_engine_are_refused():
    held = module(engines.relu(), symbolic_shape_expressions={"inputs": [], "outputs": [{"shape": []}]})
    with FakeTensorMode(), pytest.raises(EngineError, match="another engine"):
        held(fake(2, 3))


def test_torch_compile_goes_through():
    held = module(engines.relu())
    x = randn(2, 3)
    compiled = torch.compile(lambda value: held(value) + 1, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), x.relu() + 1)
