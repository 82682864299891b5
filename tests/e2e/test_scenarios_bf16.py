"""Scenarios A1-A5, A7, A8, B16, B17 of the type contract through every entry of the dynamo front end."""

from __future__ import annotations

import logging
import warnings

import pytest
import tensorrt as trt
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import dynamo
from torch_tensorrt.dynamo.conversion import (
    DYNAMO_ATEN_CONVERTERS,
    ConverterPriority,
    dynamo_tensorrt_converter,
)
from torch_tensorrt.dynamo.conversion.converter_utils import cast_trt_tensor, get_trt_tensor

from tests.e2e.judge import (
    assert_as_eager,
    assert_floats,
    assert_one_engine,
    assert_same_in_new_process,
    bindings,
    engine_modules,
    in_new_process,
)
from tests.util.oracle import assert_as_good_as_eager

aten = torch.ops.aten
BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
KERNEL_BYTES = 2 * (3 * 3 * 3 * 3 + 3)
"""Kernel and bias of Conv2d(3, 3, 3) in bfloat16."""


@pytest.fixture
def reported():
    """The reported model and its input."""
    torch.manual_seed(0)
    return nn.Conv2d(3, 3, 3).to(BF16).eval(), torch.randn(1, 3, 224, 224).to(BF16)


pytestmark = pytest.mark.usefixtures("nothing_said_before", "fresh_dynamo")


def through_dynamo_compile(model, x, **settings):
    program = torch.export.export(model, (x,))
    return dynamo.compile(program, inputs=[x], min_block_size=1, **settings)


def through_compile(model, x, **settings):
    return torch_tensorrt.compile(model, ir="dynamo", inputs=[x], min_block_size=1, **settings)


ENTRIES = {"dynamo.compile": through_dynamo_compile, "compile": through_compile}


def judge(compiled, model, x):
    """The engine that every variant has to give."""
    assert compiled.report.engines[0].weight_types == {"bfloat16": KERNEL_BYTES}
    plan = assert_one_engine(compiled).serialized_engine
    assert {t for _, t in bindings(plan).values()} == {trt.bfloat16}
    assert compiled(x).dtype == BF16
    assert_as_eager(compiled, model, x)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a1_the_reported_settings(reported, entry, caplog):
    model, x = reported
    with caplog.at_level(logging.DEBUG):
        compiled = ENTRIES[entry](model, x, enabled_precisions={F32}, use_explicit_typing=True, debug=True)
    judge(compiled, model, x)
    said = [r.getMessage().lower() for r in caplog.records if r.name.startswith("torch_tensorrt")]
    assert not [s for s in said if "float32" in s and ("weight" in s or "kernel" in s)]


A1_SCRIPT = """
import torch, torch_tensorrt
torch_tensorrt.logging.set_level(10)
model = torch.nn.Conv2d(3, 3, 3).to(torch.bfloat16).eval()
x = torch.randn(1, 3, 224, 224, dtype=torch.bfloat16)
settings = {"enabled_precisions": {torch.float32}, "use_explicit_typing": True}
program = torch.export.export(model, (x,))
compiled = torch_tensorrt.dynamo.compile(program, inputs=[x], min_block_size=1, debug=True, **settings)
print("output", compiled(x).dtype, list(compiled.report.engines[0].weight_types))
"""


def test_a1_as_a_script_says_nothing_of_float32():
    said = in_new_process(A1_SCRIPT)
    assert "output torch.bfloat16 ['bfloat16']" in said
    assert not [s for s in said.splitlines() if "float32" in s.lower() and "weight" in s.lower()]


@pytest.mark.parametrize("settings", [{}, {"use_explicit_typing": True, "enabled_precisions": {F32}}])
def test_a2_torch_compile(reported, settings):
    model, x = reported
    options = {"min_block_size": 1, "pass_through_build_failures": True, **settings}
    made = []

    def backend(gm, inputs, **more):
        made.append(torch_tensorrt.dynamo.backend.torch_tensorrt_backend(gm, inputs, options=options))
        return made[-1]

    assert_as_eager(torch.compile(model, backend="torch_tensorrt", options=options), model, x)
    torch._dynamo.reset()
    assert_as_eager(torch.compile(model, backend=backend), model, x)
    assert made[0].compiled.report.engines[0].weight_types == {"bfloat16": KERNEL_BYTES}
    assert len(engine_modules(made[0].compiled)) == 1


def test_a2_compile_with_ir_torch_compile(reported):
    model, x = reported
    compiled = torch_tensorrt.compile(
        model, ir="torch_compile", inputs=[x], min_block_size=1, pass_through_build_failures=True
    )
    assert_as_eager(compiled, model, x)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("explicit", [None, True, False])
def test_a3_explicit_typing(reported, entry, explicit):
    model, x = reported
    settings = {} if explicit is None else {"use_explicit_typing": explicit}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        compiled = ENTRIES[entry](model, x, **settings)
    said = [w for w in caught if "use_explicit_typing" in str(w.message)]
    assert len(said) == (explicit is False)
    assert all(w.category is DeprecationWarning and "strongly typed" in str(w.message) for w in said)
    judge(compiled, model, x)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    "precisions",
    [{BF16}, {F32, BF16}, {F16}, {trt.bfloat16}, {torch_tensorrt.dtype.bf16}, [BF16, F16]],
    ids=["bf16", "f32-bf16", "f16", "trt-bf16", "ours-bf16", "list-bf16-f16"],
)
def test_a4_enabled_precisions(reported, entry, precisions, caplog):
    model, x = reported
    with caplog.at_level(logging.WARNING):
        compiled = ENTRIES[entry](model, x, enabled_precisions=precisions, use_explicit_typing=True)
    said = [r.getMessage() for r in caplog.records if "enabled_precisions" in r.getMessage()]
    assert len(said) == 1 and "no effect" in said[0] and "drop enabled_precisions" in said[0]
    judge(compiled, model, x)


def test_a5_differing_types_are_refused_as_eager_refuses_them():
    model, x = nn.Conv2d(3, 3, 3).eval(), torch.randn(1, 3, 8, 8).to(BF16)
    with pytest.raises(RuntimeError) as eager:
        model(x)
    with pytest.raises(RuntimeError, match="should be the same|same dtype|same type"):
        through_compile(model, x)
    options = {"min_block_size": 1, "pass_through_build_failures": True}
    with pytest.raises(RuntimeError) as compiled:
        torch.compile(model, backend="torch_tensorrt", options=options)(x)
    assert str(eager.value)[:60] in str(compiled.value)


@pytest.fixture
def workaround():
    """What users wrote against the fault: float32 constants and a cast, registered before our converter."""
    places = (aten.convolution.default, aten.conv2d.default)
    before = {t: list(DYNAMO_ATEN_CONVERTERS.get(t, [])) for t in places}
    calls = []

    def convolution(ctx, target, args, kwargs, name):
        x, weight, bias = args[:3]
        calls.append(name)
        kernel, offset = (
            cast_trt_tensor(
                ctx, get_trt_tensor(ctx, v.float(), f"{name}_{n}"), trt.bfloat16, f"{name}_{n}_cast"
            )
            for v, n in ((weight, "kernel"), (bias, "bias"))
        )
        empty = trt.Weights(trt.bfloat16)
        layer = ctx.net.add_convolution_nd(x, weight.shape[0], tuple(weight.shape[2:]), empty, empty)
        layer.set_input(1, kernel)
        layer.set_input(2, offset)
        return layer.get_output(0)

    for place in places:
        dynamo_tensorrt_converter(place, priority=ConverterPriority.HIGH)(convolution)
    yield calls
    DYNAMO_ATEN_CONVERTERS.update(before)


def test_a7_the_workaround_still_works(reported, workaround):
    model, x = reported
    compiled = through_compile(model, x, use_explicit_typing=True)
    assert len(workaround) == 1
    assert_one_engine(compiled)
    assert compiled.report.engines[0].weight_types == {"float32": 2 * KERNEL_BYTES}
    assert_as_eager(compiled, model, x)


class CastWeights(nn.Module):
    """Weights that the graph itself casts."""

    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(4, 3, 3, 3)), nn.Parameter(torch.randn(4))

    def forward(self, x):
        return nn.functional.conv2d(x, self.w.to(BF16), self.b.to(BF16))


def test_a8_weights_cast_in_the_graph():
    torch.manual_seed(0)
    model, x = CastWeights().eval(), torch.randn(1, 3, 16, 16).to(BF16)
    compiled = through_compile(model, x)
    assert_one_engine(compiled)
    assert_floats(compiled, BF16)
    with torch.no_grad():
        reference = nn.functional.conv2d(x.double(), model.w.to(BF16).double(), model.b.to(BF16).double())
        assert_as_good_as_eager(compiled(x), model(x), reference)


def test_engine_of_bfloat16_weights_is_half_as_large():
    plans = {}
    for dtype in (F32, BF16):
        model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 256)).eval().to(dtype)
        compiled = through_compile(model, torch.randn(4, 256).to(dtype))
        assert_floats(compiled, dtype)
        plans[dtype] = len(assert_one_engine(compiled).serialized_engine)
    assert plans[BF16] <= 0.6 * plans[F32]


class Reordered(nn.Module):
    """An int64 buffer on the way of floats."""

    def __init__(self):
        super().__init__()
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x.index_select(1, self.order))


@pytest.mark.parametrize("dtype", [F32, BF16])
@pytest.mark.parametrize("truncate", [None, False, True])
def test_b16_int64_buffer_on_the_float_path(dtype, truncate):
    torch.manual_seed(0)
    model, x = Reordered().eval().to(dtype), torch.randn(1, 3, 16, 16).to(dtype)
    settings = {} if truncate is None else {"truncate_long_and_double": truncate}
    compiled = through_dynamo_compile(model, x, require_full_compilation=True, **settings)
    plan = assert_one_engine(compiled).serialized_engine
    assert {t for _, t in bindings(plan).values()} == {trt.float32 if dtype is F32 else trt.bfloat16}
    assert compiled.report.engines[0].weight_types["int64"] >= 3 * 8
    assert_as_eager(compiled, model, x)


@pytest.mark.parametrize("dtype", [F32, BF16])
def test_b17_traced_saved_and_loaded(dtype, tmp_path):
    torch.manual_seed(0)
    model, x = Reordered().eval().to(dtype), torch.randn(1, 3, 16, 16).to(dtype)
    compiled = through_dynamo_compile(model, x)
    with torch.no_grad():
        traced = torch.jit.trace(compiled, (x,))
    torch.jit.save(traced, tmp_path / "traced.ts")
    assert_as_eager(torch.jit.load(tmp_path / "traced.ts"), model, x)
    assert "ScriptModule" in assert_same_in_new_process(tmp_path / "traced.ts", compiled, [(x,)])
