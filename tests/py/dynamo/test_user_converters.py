"""Users' converters: the five-argument form with building blocks under their public names, beside ours."""

import pytest
import tensorrt as trt
import torch
from torch import nn
from torch_tensorrt.dynamo.conversion import (
    ConversionContext,
    ConverterPriority,
    dynamo_tensorrt_converter,
)
from torch_tensorrt.dynamo.conversion import converter_utils as utils

from tests.py.dynamo.models import Mlp, batch, compiled, engines

aten = torch.ops.aten


pytestmark = pytest.mark.usefixtures("own_converters")


@torch.library.custom_op("ttrt_test::scaled_relu", mutates_args=())
def scaled_relu(x: torch.Tensor, factor: float) -> torch.Tensor:
    """An operator that only a user knows."""
    return torch.relu(x) * factor


@scaled_relu.register_fake
def _(x, factor):
    return torch.empty_like(x)


class Custom(nn.Module):
    def forward(self, x):
        return torch.ops.ttrt_test.scaled_relu(x + 1, 2.5) - 1


def register(supports_dynamic_shapes=True):
    @dynamo_tensorrt_converter(
        torch.ops.ttrt_test.scaled_relu.default, supports_dynamic_shapes=supports_dynamic_shapes
    )
    def convert(ctx, target, args, kwargs, name):
        assert isinstance(ctx, ConversionContext) and target is torch.ops.ttrt_test.scaled_relu.default
        relu = ctx.net.add_activation(args[0], trt.ActivationType.RELU)
        utils.set_layer_name(relu, target, name)
        assert relu.name.startswith("[ACTIVATION]-[torch.ops.ttrt_test.scaled_relu.default]")
        factor = utils.get_trt_tensor(ctx, args[1], f"{name}_factor", dtype=torch.float32)
        x, factor = utils.broadcast(ctx, relu.get_output(0), factor, f"{name}_x", f"{name}_f")
        return ctx.net.add_elementwise(x, factor, trt.ElementWiseOperation.PROD).get_output(0)


def test_operator_without_a_converter_stays_in_torch():
    module = compiled(Custom(), [torch.randn(3)])
    assert len(engines(module)) == 2
    torch.testing.assert_close(module(torch.ones(3)), Custom()(torch.ones(3)))


def test_operator_of_the_user_joins_the_engine():
    register()
    module = compiled(Custom(), [torch.randn(2, 3)], require_full_compilation=True)
    x = torch.randn(2, 3)
    torch.testing.assert_close(module(x), Custom()(x))


def test_dynamic_shapes_only_where_the_user_says_so():
    register(supports_dynamic_shapes=False)
    module = compiled(Custom(), [batch(1, 2, 8, 3)])
    assert len(engines(module)) == 2
    assert "does not say that it supports dynamic shapes" in str(module.report)
    module = compiled(Custom(), [batch(1, 2, 8, 3)], assume_dynamic_shape_support=True)
    assert len(engines(module)) == 1
    torch.testing.assert_close(module(torch.ones(7, 3)), Custom()(torch.ones(7, 3)))


def test_before_ours_of_the_same_priority_and_beside_it():
    calls = []

    @dynamo_tensorrt_converter(
        aten.relu.default, capability_validator=lambda node, settings: calls.append(node) or True
    )
    def relu(ctx, target, args, kwargs, name):
        calls.append(name)
        return ctx.net.add_activation(args[0], trt.ActivationType.RELU).get_output(0)

    model, x = Mlp().eval(), torch.randn(2, 8)
    torch.testing.assert_close(compiled(model, [x])(x), model(x))
    assert "[aten.relu.default]-[relu]" in calls


def test_constants_arrive_as_torch_tensors():
    seen = {}

    @dynamo_tensorrt_converter(aten.linear.default, priority=ConverterPriority.HIGH)
    def linear(ctx, target, args, kwargs, name):
        seen.update(weight=args[1], bias=args[2])
        weight = utils.get_trt_tensor(ctx, args[1], f"{name}_weight")
        bias = utils.create_constant(ctx, args[2], f"{name}_bias", None, min_rank=2)
        none, transpose = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
        product = ctx.net.add_matrix_multiply(args[0], none, weight, transpose).get_output(0)
        return ctx.net.add_elementwise(product, bias, trt.ElementWiseOperation.SUM).get_output(0)

    model, x = Mlp().eval(), torch.randn(2, 8)
    torch.testing.assert_close(compiled(model, [x])(x), model(x))
    assert isinstance(seen["weight"], torch.Tensor) and torch.equal(seen["bias"], model.second.bias)


def test_building_blocks():
    @dynamo_tensorrt_converter(aten.relu.default, priority=ConverterPriority.HIGH)
    def relu(ctx, target, args, kwargs, name):
        x = args[0]
        half, whole = utils.promote_trt_tensors_to_same_dtype(ctx, x, 2, name)
        assert whole.dtype == x.dtype
        n, m = utils.cast_int_int_div_trt_tensor(
            ctx,
            utils.get_trt_tensor(ctx, [1, 2], "n"),
            utils.get_trt_tensor(ctx, torch.tensor([3, 4]), "m"),
            name,
        )
        assert n.dtype == m.dtype == trt.float32
        assert utils.cast_trt_tensor(ctx, x, trt.float16, name).dtype == trt.float16
        assert utils.cast_trt_tensor(ctx, x, torch.int32, name).dtype == trt.int32
        assert tuple(utils.get_trt_tensor(ctx, 3.5, "number", min_rank=0).shape) == ()
        assert tuple(utils.append(ctx, utils.get_trt_tensor(ctx, [1, 2], "v"), 3, "v").shape) == (3,)
        assert tuple(utils.set_item(ctx, utils.get_trt_tensor(ctx, [1, 2], "w"), 1, 5, "w").shape) == (2,)
        a, b = utils.broadcast_to_same_shape(
            ctx, target, None, name, x, utils.get_trt_tensor(ctx, 1.0, "one")
        )
        assert tuple(a.shape) == tuple(b.shape) == tuple(x.shape)
        return ctx.net.add_activation(half, trt.ActivationType.RELU).get_output(0)

    model, x = Mlp().eval(), torch.randn(2, 8)
    torch.testing.assert_close(compiled(model, [x])(x), model(x))


def test_values_outside_networks(caplog):
    assert utils.get_positive_dim(-1, 3) == 2 and utils.get_positive_dim([-1, 0], 3) == (2, 0)
    assert utils.flatten_dims(torch.empty(2, 3, 4), 1, -1) == (2, 12)
    assert utils.to_torch(True).dtype == torch.bool and utils.to_torch(2**40).dtype == torch.int64
    assert utils.to_torch(None) is None
    assert utils.to_numpy(torch.ones(2, dtype=torch.float16)).dtype.name == "float16"
    utils._warned.clear()
    assert utils.to_numpy(torch.ones(2, dtype=torch.bfloat16)).dtype.name == "float32"
    assert any("numpy has no bfloat16" in r.message for r in caplog.records)


def test_enforced_kinds_of_arguments():
    @dynamo_tensorrt_converter(aten.mul.Tensor, priority=ConverterPriority.HIGH)
    @utils.enforce_tensor_types({0: (trt.ITensor,), 1: (trt.ITensor,)})
    def mul(ctx, target, args, kwargs, name):
        assert isinstance(args[1], trt.ITensor)
        x, y = utils.broadcast(ctx, args[0], args[1], "x", "y")
        return ctx.net.add_elementwise(x, y, trt.ElementWiseOperation.PROD).get_output(0)

    class Double(nn.Module):
        def forward(self, x):
            return torch.relu(x * 2.0)

    torch.testing.assert_close(compiled(Double(), [torch.ones(3)])(torch.ones(3)), torch.ones(3) * 2)


def test_our_converters_as_building_blocks():
    from torch_tensorrt.dynamo.conversion import impl

    @dynamo_tensorrt_converter(aten.relu.default, priority=ConverterPriority.HIGH)
    def relu(ctx, target, args, kwargs, name):
        x = impl.elementwise.max(ctx, target, None, f"{name}_max", args[0], torch.zeros(1))
        x = impl.elementwise.add(ctx, target, None, f"{name}_add", x, 1.5)
        x = impl.unary.sqrt(ctx, target, None, f"{name}_sqrt", x)
        x = impl.shuffle.reshape(ctx, target, None, f"{name}_flat", x, [-1])
        return impl.shuffle.reshape(ctx, target, None, name, x, tuple(args[0].shape))

    x = torch.randn(2, 3)
    torch.testing.assert_close(compiled(nn.ReLU(), [x])(x), (torch.relu(x) + 1.5).sqrt())
