"""Plugins declared by the decorators of `tensorrt.plugin`: JIT implementations, autotuning, flags, AOT."""

# The decorators know List and Tuple of typing alone.
# ruff: noqa: UP006, UP035

from __future__ import annotations

import gc
from typing import Any, List, Tuple

import numpy as np
import pytest
import tensorrt as trt
import torch

trtp = pytest.importorskip("tensorrt.plugin", reason="bindings without tensorrt.plugin")

from tests.engine._case import device, sample  # noqa: E402
from tests.engine._members import VERSION, should_have  # noqa: E402
from tests.engine._plugin_v3 import Double  # noqa: E402
from tests.engine._plugin_v3 import network as plain_network  # noqa: E402
from tests.engine._plugins import Runner, tensor_at  # noqa: E402
from tests.engine._session import STRONG, Session  # noqa: E402

JIT = 1 << int(trt.NetworkDefinitionCreationFlag.PREFER_JIT_PYTHON_PLUGINS)
AOT = 1 << int(trt.NetworkDefinitionCreationFlag.PREFER_AOT_PYTHON_PLUGINS)
SEEN: list[Any] = []
# What NumPy's NDArray[np.float32] stands for. Since NumPy 2.5 NDArray is a type alias where Python has them,
# which bindings before 11.4 pass to issubclass().
Floats = np.ndarray[Any, np.dtype[np.float32]]
ELEMENTS_LOST = (
    "bindings before 10.16 read NumPy 2's arrays as NumPy 1's: every element of a field becomes the first"
)
SCALARS_REFUSED = (
    "bindings before 11.4 call float() on an array of one element, which NumPy 2.4 no longer takes"
)
STALE_BUILDER = "bindings before 10.15 describe a plugin with the expression builder of the one before"
NUMPY = np.lib.NumpyVersion(np.__version__)


def at(tensor: Any) -> torch.Tensor:
    return tensor_at(tensor.data_ptr, tuple(tensor.shape))


def declare(name: str, describe: Any, **parts: Any) -> Any:
    """Registers a plugin; annotations are real types, as the decorators want them."""
    trtp.register(f"tests::{name}")(describe)
    for decorator, function in parts.items():
        getattr(trtp, decorator)(f"tests::{name}")(function)
    return getattr(trtp.op.tests, name)


def _add_desc(x: trtp.TensorDesc, k: Floats) -> Tuple[trtp.TensorDesc]:
    return x.like()


def _add_tune(
    x: trtp.TensorDesc, k: Floats, outputs: Tuple[trtp.TensorDesc]
) -> List[trtp.AutoTuneCombination]:
    return [trtp.AutoTuneCombination("FP32|FP16, FP32|FP16", "LINEAR", [3, 5])]


def _add(x: trtp.Tensor, k: Floats, outputs: Tuple[trtp.Tensor], stream: int, tactic: int) -> None:
    SEEN.append((tactic, tuple(x.strides)))
    at(outputs[0]).copy_(at(x) + float(k.sum()))


def _two_desc(a: trtp.TensorDesc, b: trtp.TensorDesc) -> Tuple[trtp.TensorDesc, trtp.TensorDesc]:
    wide = a.like()
    wide.shape_expr[0] = a.shape_expr[0] + b.shape_expr[0]
    return wide, b.like()


def _two(a: trtp.Tensor, b: trtp.Tensor, outputs: Tuple[trtp.Tensor, trtp.Tensor], stream: int) -> None:
    at(outputs[0]).copy_(torch.cat([at(a), at(b)]))
    at(outputs[1]).copy_(-at(b))


def _positive_desc(x: trtp.TensorDesc) -> Tuple[trtp.TensorDesc, trtp.TensorDesc]:
    length = x.shape_expr[0]
    count = trtp.size_tensor(opt=length // 2, upper_bound=length)
    kept = trtp.from_shape_expr(trtp.ShapeExprs.from_tuple((count.expr(),)), dtype=x.dtype)
    return kept, count


def _positive(x: trtp.Tensor, outputs: Tuple[trtp.Tensor, trtp.Tensor], stream: int) -> None:
    kept = at(x)[at(x) > 0]
    assert outputs[0].is_data_dependent
    tensor_at(outputs[0].data_ptr, (len(kept),)).copy_(kept)
    tensor_at(outputs[1].data_ptr, (1,), torch.int32).fill_(len(kept))


def _flat_desc(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return trtp.from_shape_expr(trtp.ShapeExprs.from_tuple((x.shape_expr.numel(),)), dtype=x.dtype)


def _flat(x: trtp.Tensor, outputs: Tuple[trtp.Tensor], stream: int) -> None:
    at(outputs[0]).copy_(at(x).flatten())


def _counted_desc(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return trtp.from_shape_expr(trtp.ShapeExprs.from_tuple((x.shape_expr[0] + 1, 5)), dtype=x.dtype)


def _counted_tune(x: trtp.TensorDesc, outputs: Tuple[trtp.TensorDesc]) -> List[trtp.AutoTuneCombination]:
    SEEN.append(x.shape_expr[0].constant_value())
    return [trtp.AutoTuneCombination("FP32, FP32", "LINEAR")]


def _counted(x: trtp.Tensor, outputs: Tuple[trtp.Tensor], stream: int) -> None:
    at(outputs[0]).fill_(at(x).shape[0])


def _inplace_desc(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return x.aliased()


def _inplace(x: trtp.Tensor, outputs: Tuple[trtp.Tensor], stream: int) -> None:
    at(x).add_(1)


# `from __future__ import annotations` makes them strings; the decorators read the types themselves.
DECORATED = (_add_desc, _add_tune, _add, _two_desc, _two, _positive_desc, _positive, _flat_desc, _flat)
for function in (*DECORATED, _counted_desc, _counted_tune, _counted, _inplace_desc, _inplace):
    function.__annotations__ = {k: eval(v) for k, v in function.__annotations__.items()}  # noqa: S307

add = declare("add", _add_desc, autotune=_add_tune, impl=_add)
two = declare("two", _two_desc, impl=_two)
positive = declare("positive", _positive_desc, impl=_positive)
flat = declare("flat", _flat_desc, impl=_flat)
counted = declare("counted", _counted_desc, autotune=_counted_tune, impl=_counted)
inplace = declare("inplace", _inplace_desc, impl=_inplace)
K = np.array([1.0, 2.0], dtype=np.float32)


def network(layer_of: Any, *shapes: tuple[int, ...], flags: int = STRONG) -> tuple[Session, Any]:
    session = Session(flags)
    inputs = [session.input(f"x{i}", shape) for i, shape in enumerate(shapes)]
    layer = session.network.add_plugin(layer_of(*inputs))
    for i in range(layer.num_outputs):
        layer.get_output(i).name = f"y{i}"
        session.network.mark_output(layer.get_output(i))
    return session, layer


def test_jit_plugin_with_attributes_and_tactics() -> None:
    session, layer = network(lambda x: add(x, k=np.full(2, 1.5, np.float32)), (-1, 3))
    assert layer.type == trt.LayerType.PLUGIN_V3
    assert tuple(layer.get_output(0).shape) == (-1, 3)
    session.profile(x0=((1, 3), (2, 3), (4, 3)))
    run = Runner(session.engine())
    SEEN.clear()
    for rows in (2, 4):
        x = sample((rows, 3))
        assert torch.equal(run(x0=x)[0], x + 3)
    assert SEEN == [(3, (3, 1))] * 2


@pytest.mark.xfail(VERSION < (10, 16) and NUMPY >= "2.0.0", strict=True, reason=ELEMENTS_LOST)
def test_elements_of_fields_stay_what_they_are() -> None:
    """Of the bindings alone: no engine takes part."""
    held = trt.PluginField("k", K, trt.PluginFieldType.FLOAT32)
    assert held.data.tolist() == K.tolist()


@pytest.mark.xfail(VERSION < (10, 16) and NUMPY >= "2.0.0", strict=True, reason=ELEMENTS_LOST)
def test_attributes_of_several_elements() -> None:
    session, _ = network(lambda x: add(x, k=K), (2, 3))
    x = sample((2, 3))
    assert torch.equal(Runner(session.engine())(x0=x)[0], x + 3)


def test_expressions_live_as_long_as_the_plugin_that_was_told_them() -> None:
    """Descriptions of other plugins, decorated or not, come between that of this one and its autotuning."""
    sessions = []
    for rows in (4, 6):
        sessions.append((rows, network(counted, (rows, 2))[0]))
        plain_network(Double(), [(2, 3)])
        network(two, (2, 3), (2, 3))
    gc.collect()
    for rows, session in sessions:
        SEEN.clear()
        y = Runner(session.engine())(x0=sample((rows, 2)))[0]
        assert y.shape == (rows + 1, 5) and y.eq(rows).all()
        assert set(SEEN) == {rows}


def test_several_inputs_and_outputs() -> None:
    session, layer = network(two, (-1, 3), (2, 3))
    session.profile(x0=((1, 3), (2, 3), (4, 3)))
    a, b = sample((3, 3)), sample((2, 3), seed=1)
    found = Runner(session.engine())(x0=a, x1=b)
    assert torch.equal(found[0], torch.cat([a, b]))
    assert torch.equal(found[1], -b)


@pytest.mark.xfail(VERSION < (10, 15), strict=True, reason=STALE_BUILDER)
def test_counts_of_elements_in_descriptions() -> None:
    for _ in range(2):
        _, layer = network(flat, (2, 3))
        assert tuple(layer.get_output(0).shape) == (6,)


def test_size_tensors() -> None:
    session, layer = network(positive, (6,))
    assert tuple(layer.get_output(0).shape) == (-1,)
    run = Runner(session.engine())
    for seed in range(3):
        x = sample((6,), seed=seed)
        y, count = run(x0=x)
        assert torch.equal(y[: count.item()], x[x > 0])


def test_aliased_outputs_need_the_preview_feature() -> None:
    session, _ = network(inplace, (2, 3))
    assert session.plan() is None
    assert "kALIASED_PLUGIN_IO_10_03" in session.logger.last_error()
    session.config.set_preview_feature(trt.PreviewFeature.ALIASED_PLUGIN_IO_10_03, True)
    engine = session.engine()
    if should_have("ICudaEngine.get_aliased_input_tensor"):
        assert engine.get_aliased_input_tensor("y0") == "x0"
    x = sample((2, 3))
    memory = x.clone().to(device())
    context = engine.create_execution_context()
    context.set_tensor_address("x0", memory.data_ptr())
    context.set_tensor_address("y0", memory.data_ptr())
    assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if memory.is_cuda else 0)
    assert torch.equal(memory.cpu(), x + 1)


def test_types_outside_the_tuned_ones_are_refused() -> None:
    session = Session()
    layer = session.network.add_plugin(add(session.input("x0", (2,), trt.bfloat16), k=K))
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is None
    assert "refused input 0" in session.logger.last_error()


def test_creation_flags() -> None:
    assert network(lambda x: add(x, k=K), (2, 3), flags=STRONG | JIT)[1] is not None
    session = Session()
    assert session.builder.create_network(STRONG | JIT | AOT) is None
    assert "exclude each other" in session.logger.last_error()


@pytest.mark.xfail(VERSION < (11, 4) and NUMPY >= "2.4.0", strict=True, reason=SCALARS_REFUSED)
def test_scalar_attributes() -> None:
    def describe(x: Any, k: Any) -> Any:
        return x.like()

    def run(x: Any, k: Any, outputs: Any, stream: Any) -> None:
        at(outputs[0]).copy_(at(x) * k)

    run.__annotations__ = {}
    describe.__annotations__ = {"x": trtp.TensorDesc, "k": float, "return": trtp.TensorDesc}
    mul = declare("mul", describe, impl=run)
    session, _ = network(lambda x: mul(x, k=2.5), (2, 3))
    x = sample((2, 3))
    assert torch.equal(Runner(session.engine())(x0=x)[0], x * 2.5)


ADD_ONE = """
.version 7.0
.target sm_80
.address_size 64
.visible .entry add_one(.param .u64 px, .param .u32 pn, .param .u64 py)
{
  .reg .pred %p<2>; .reg .f32 %f<3>; .reg .b32 %r<6>; .reg .b64 %d<6>;
  ld.param.u64 %d1, [px]; ld.param.u32 %r1, [pn]; ld.param.u64 %d2, [py];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.s32 %p1, %r5, %r1;
  @%p1 bra done;
  cvta.to.global.u64 %d1, %d1; cvta.to.global.u64 %d2, %d2;
  mul.wide.s32 %d3, %r5, 4;
  add.s64 %d4, %d1, %d3; add.s64 %d5, %d2, %d3;
  ld.global.f32 %f1, [%d4];
  add.f32 %f2, %f1, 0f3F800000;
  st.global.f32 [%d5], %f2;
done:
  ret;
}
"""


def _aot_desc(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return x.like()


def _aot(
    x: trtp.TensorDesc, outputs: Tuple[trtp.TensorDesc], tactic: int
) -> Tuple[str, str, trtp.KernelLaunchParams, trtp.SymExprs]:
    count = x.shape_expr.numel()
    launch = trtp.KernelLaunchParams()
    launch.grid_x, launch.block_x = trtp.cdiv(count, 32), 32
    extra = trtp.SymIntExprs(1)
    extra[0] = trtp.SymInt32(count)
    return "add_one", ADD_ONE, launch, extra


for function in (_aot_desc, _aot):
    function.__annotations__ = {k: eval(v) for k, v in function.__annotations__.items()}  # noqa: S307
aot = declare("aot", _aot_desc, aot_impl=_aot) if hasattr(trtp, "aot_impl") else None


@pytest.mark.skipif(aot is None, reason="bindings without AOT implementations")
def test_ahead_of_time_plugins_need_cuda() -> None:
    if device().type == "cuda":
        pytest.skip("CUDA is there")
    session = Session()
    assert session.network.add_plugin(aot(session.input("x0", (2, 3))), aot=True) is None
    assert "runs on the CPU" in session.logger.last_error()


@pytest.mark.skipif(aot is None, reason="bindings without AOT implementations")
@pytest.mark.skipif(device().type != "cuda", reason="kernels made ahead of time are for CUDA")
def test_ahead_of_time_plugins_run_without_python() -> None:
    session = Session()
    layer = session.network.add_plugin(aot(session.input("x0", (-1, 3))), aot=True)
    layer.get_output(0).name = "y0"
    session.network.mark_output(layer.get_output(0))
    session.profile(x0=((1, 3), (2, 3), (40, 3)))
    run = Runner(session.engine())
    for rows in (2, 40, 2):
        x = sample((rows, 3))
        assert torch.equal(run(x0=x)[0], x + 1)
