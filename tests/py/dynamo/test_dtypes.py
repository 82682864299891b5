"""The data type contract in the dynamo front end: scenarios A1-A8 and B16, and the class of faults behind
them.
"""

import logging
import warnings

import pytest
import tensorrt as trt
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import dynamo
from torch_tensorrt._errors import DtypeContractError, Int64RangeError, UnsupportedDtypeError
from torch_tensorrt.dynamo.conversion import (
    DYNAMO_ATEN_CONVERTERS,
    ConverterPriority,
    TRTInterpreter,
    dynamo_tensorrt_converter,
)
from torch_tensorrt.dynamo.conversion.converter_utils import cast_trt_tensor, get_trt_tensor

from tests.py.dynamo.models import ConvRelu, IntBuffer, compiled, engines, torch_parts
from tests.util.oracle import assert_as_good_as_eager, float64_reference

aten = torch.ops.aten
BF16 = torch.bfloat16


class Conv(nn.Module):
    """The reported model: one convolution."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x):
        return self.conv(x)


@pytest.fixture
def reported():
    torch.manual_seed(0)
    return Conv().to(BF16).eval(), torch.randn(1, 3, 224, 224, dtype=BF16)


pytestmark = pytest.mark.usefixtures("nothing_said_before")


def judge(module, model, *inputs):
    """One engine, nothing in PyTorch, as good as eager."""
    assert len(engines(module)) == 1 and not torch_parts(module)
    with torch.no_grad():
        assert_as_good_as_eager(module(*inputs), model(*inputs), float64_reference(model, inputs))


def test_a1_reported_script(reported, caplog):
    model, x = reported
    with caplog.at_level(logging.DEBUG):
        module = compiled(
            model, [x], enabled_precisions={torch.float32}, use_explicit_typing=True, debug=True
        )
    judge(module, model, x)
    assert module.report.engines[0].weight_types == {"bfloat16": 2 * (3 * 3 * 3 * 3 + 3)}
    assert not any(
        "weight" in r.message and "float32" in r.message for r in caplog.records if "torch_tensorrt" in r.name
    )


def test_a2_through_compile(reported):
    model, x = reported
    module = torch_tensorrt.compile(
        model, ir="dynamo", inputs=[x], min_block_size=1, use_explicit_typing=True
    )
    judge(module, model, x)


def test_a2_through_torch_compile(reported):
    model, x = reported
    options = {"min_block_size": 1, "use_explicit_typing": True, "pass_through_build_failures": True}
    module = torch.compile(model, backend="torch_tensorrt", options=options)
    with torch.no_grad():
        assert_as_good_as_eager(module(x), model(x), float64_reference(model, (x,)))


def test_a3_typing_not_given(reported):
    model, x = reported
    judge(compiled(model, [x]), model, x)


def test_a3_typing_false_warns_once(reported):
    model, x = reported
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        module = compiled(model, [x], use_explicit_typing=False)
    said = [
        w
        for w in caught
        if issubclass(w.category, DeprecationWarning) and "use_explicit_typing" in str(w.message)
    ]
    assert len(said) == 1 and "strongly typed" in str(said[0].message)
    judge(module, model, x)


@pytest.mark.parametrize("precisions", [{BF16}, {torch.float32, BF16}, {torch.float16}])
def test_a4_precisions_have_no_effect_and_say_so(reported, precisions, caplog):
    model, x = reported
    with caplog.at_level(logging.WARNING):
        module = compiled(model, [x], enabled_precisions=precisions)
    judge(module, model, x)
    assert (
        len([r for r in caplog.records if "enabled_precisions" in r.message and "no effect" in r.message])
        == 1
    )


def test_a5_input_and_weights_differ_like_in_eager():
    model, x = Conv().eval(), torch.randn(1, 3, 8, 8, dtype=BF16)
    with pytest.raises(RuntimeError, match="should be the same|same dtype|same type"):
        compiled(model, [x])


@pytest.fixture
def workaround():
    """The public workaround: float32 constants and casts, as a user's converter."""
    target = aten.convolution.default
    before = {target: list(DYNAMO_ATEN_CONVERTERS[target])}

    def convolution(ctx, target, args, kwargs, name):
        x, weight, bias = args[:3]
        kernel = cast_trt_tensor(
            ctx, get_trt_tensor(ctx, weight.float(), f"{name}_w"), trt.bfloat16, f"{name}_wc"
        )
        offset = cast_trt_tensor(
            ctx, get_trt_tensor(ctx, bias.float(), f"{name}_b"), trt.bfloat16, f"{name}_bc"
        )
        empty = trt.Weights(trt.bfloat16)
        layer = ctx.net.add_convolution_nd(x, weight.shape[0], tuple(weight.shape[2:]), empty, empty)
        layer.set_input(1, kernel)
        layer.set_input(2, offset)
        layer.name = name
        return layer.get_output(0)

    dynamo_tensorrt_converter(target, priority=ConverterPriority.HIGH)(convolution)
    yield
    DYNAMO_ATEN_CONVERTERS.update(before)


def test_a7_the_workaround_still_works(reported, workaround):
    model, x = reported
    module = compiled(model, [x])
    judge(module, model, x)
    assert set(module.report.engines[0].weight_types) == {"float32"}


class CastWeights(nn.Module):
    """Weights that the graph itself casts."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.b = nn.Parameter(torch.randn(4))

    def forward(self, x):
        return nn.functional.conv2d(x, self.w.to(x.dtype), self.b.to(x.dtype))


def test_a8_weights_cast_in_the_graph():
    model, x = CastWeights().eval(), torch.randn(1, 3, 8, 8, dtype=BF16)
    module = compiled(model, [x])
    assert module.report.engines[0].weight_types == {"bfloat16": 2 * (4 * 27 + 4)}
    with torch.no_grad():
        reference = nn.functional.conv2d(x.double(), model.w.to(BF16).double(), model.b.to(BF16).double())
        assert_as_good_as_eager(module(x), model(x), reference)


@pytest.mark.parametrize("settings", [{}, {"truncate_long_and_double": True}])
def test_b16_int64_buffer_on_the_float_path(settings):
    model, x = IntBuffer().eval(), torch.randn(1, 3, 8, 8)
    module = compiled(model, [x], require_full_compilation=True, **settings)
    judge(module, model, x)
    assert module.report.engines[0].weight_types["int64"] >= 24


class Mixed(nn.Module):
    """Promotion by kind: Python numbers, 0-dim buffers, integers that meet floats."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.tensor(2.5))

    def forward(self, x, n):
        return x * 0.5 + self.scale, n * 0.5, n * 2 - 1, n + 2**40, (x * n)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, BF16])
def test_promotion_is_torchs(dtype):
    model, x, n = Mixed().eval(), torch.randn(2, 3).to(dtype), torch.tensor([[1, -(2**40), 3]])
    module = compiled(model, [x, n], require_full_compilation=True)
    for actual, expected in zip(module(x, n), model(x, n), strict=False):
        assert actual.dtype == expected.dtype
        torch.testing.assert_close(actual, expected)


def test_double_needs_permission():
    model, x = ConvRelu().double().eval(), torch.randn(1, 3, 8, 8, dtype=torch.float64)
    module = compiled(model, [x])
    assert not engines(module) and "float64" in str(module.report)
    torch.testing.assert_close(module(x), model(x))


def test_double_with_permission_is_double_outside():
    model, x = ConvRelu().double().eval(), torch.randn(1, 3, 8, 8, dtype=torch.float64)
    module = compiled(model, [x], truncate_double=True)
    assert len(engines(module)) == 1
    result = module(x)
    assert result.dtype == torch.float64
    torch.testing.assert_close(result, model(x), rtol=1e-4, atol=1e-4)


def test_double_constant_that_does_not_fit():
    class Huge(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("huge", torch.tensor([1e300, 1.0], dtype=torch.float64))

        def forward(self, x):
            return x * self.huge

    with pytest.raises(UnsupportedDtypeError, match="'huge' does not fit float32"):
        compiled(Huge(), [torch.ones(2, dtype=torch.float64)], truncate_double=True)


def build_network(graph_module, *specs):
    return TRTInterpreter(graph_module, specs).make_network()


def test_kernel_of_another_type_is_named():
    """What export would refuse, built by hand: the message names parameter, node and the way out."""
    gm = torch.fx.symbolic_trace(Conv())
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    x.meta["val"] = torch.empty(1, 3, 8, 8, dtype=BF16, device="meta")
    w, b = graph.get_attr("conv.weight"), graph.get_attr("conv.bias")
    w.meta["val"], b.meta["val"] = gm.conv.weight, gm.conv.bias
    conv = graph.call_function(aten.convolution.default, (x, w, b, [1, 1], [0, 0], [1, 1], False, [0, 0], 1))
    conv.meta["val"] = torch.empty(1, 3, 6, 6, dtype=BF16, device="meta")
    graph.output(conv)
    module = torch.fx.GraphModule(gm, graph)
    with pytest.raises(DtypeContractError) as caught:
        build_network(module, torch_tensorrt.Input((1, 3, 8, 8), dtype=BF16))
    text = str(caught.value)
    assert "kernel 'conv.weight' is float32 but its input is bfloat16" in text
    assert "node 'convolution_default'" in text and "To go on: cast the module" in text


def test_int64_constant_that_does_not_fit_is_named():
    from torch_tensorrt.dynamo.conversion._weights import Const

    const = Const(torch.tensor([1, 2**40]), "encoder.offsets")
    with pytest.raises(
        Int64RangeError,
        match=r"'encoder.offsets' does not fit int32\n  it holds 1099511627776 at flat index 1",
    ):
        const.to(torch.int32)
    assert const.to(torch.int64) is const


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.uint8, torch.int16, torch.complex64, torch.float8_e5m2]
)
def test_types_without_twin_are_refused_with_a_way_out(dtype):
    from torch_tensorrt.dynamo.conversion._weights import WeightStore

    with pytest.raises(UnsupportedDtypeError, match="To go on"):
        WeightStore().weights(torch.ones(2).to(dtype), "table")


def test_weights_keep_type_and_memory():
    from torch_tensorrt.dynamo.conversion._weights import WeightStore

    store = WeightStore()
    for dtype in (torch.float32, torch.float16, BF16, torch.int8, torch.int32, torch.int64, torch.bool):
        value = torch.ones(3, 4).to(dtype).t()
        weights = store.weights(value, "w")
        assert weights.size == 12 and weights.dtype == trt.DataType(weights.dtype)
        assert torch.equal(store.held[-1], value) and store.held[-1].is_contiguous()


def test_user_converter_of_another_type_is_cast_with_a_warning(caplog):
    before = list(DYNAMO_ATEN_CONVERTERS[aten.relu.default])

    @dynamo_tensorrt_converter(aten.relu.default, priority=ConverterPriority.HIGH)
    def wide(ctx, target, args, kwargs, name):
        return ctx.net.add_cast(args[0], trt.float32).get_output(0)

    try:
        with caplog.at_level(logging.WARNING):
            module = compiled(nn.ReLU(), [torch.ones(2, 3, dtype=torch.float16)])
    finally:
        DYNAMO_ATEN_CONVERTERS[aten.relu.default] = before
    assert module(torch.ones(2, 3, dtype=torch.float16)).dtype == torch.float16
    assert any("has type float32, PyTorch gives float16" in r.message for r in caplog.records)


def test_the_raw_engine_keeps_declared_types():
    model, x = IntBuffer().eval(), torch.randn(1, 3, 8, 8)
    program = dynamo.trace(model, arg_inputs=[x])
    data = dynamo.convert_exported_program_to_serialized_trt_engine(program, arg_inputs=[x])
    engine = trt.Runtime(torch_tensorrt.logging.TRT_LOGGER).deserialize_cuda_engine(data)
    types = {engine.get_tensor_name(i): engine.get_tensor_dtype(engine.get_tensor_name(i)) for i in range(2)}
    assert types == {"x": trt.float32, "output0": trt.float32}
