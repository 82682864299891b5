"""Bad input at compile time: each is a typed error that says what, where, expected and actual, and what to
do.
"""

import logging

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input, dynamo
from torch_tensorrt._errors import ConversionError, InputError, UnsupportedOperatorError
from torch_tensorrt.dynamo._inputs import checked_ranges
from torch_tensorrt.dynamo.conversion import (
    DYNAMO_ATEN_CONVERTERS,
    ConverterPriority,
    dynamo_tensorrt_converter,
)

from tests.py.dynamo.models import ConvRelu, Mlp, Sandwich, batch, compiled

aten = torch.ops.aten


def program_of(model=None, *inputs):
    return dynamo.trace((model or Mlp()).eval(), arg_inputs=inputs or [torch.randn(2, 8)])


def refused(error, inputs, **more):
    with pytest.raises(error) as caught:
        dynamo.compile(program_of(), arg_inputs=inputs, min_block_size=1, **more)
    return str(caught.value)


def test_wrong_dtype():
    text = refused(InputError, [torch.randn(2, 8).half()])
    assert "Input 'x' has dtype torch.float16" in text
    assert "expected float32[2, 8]" in text and "To go on" in text


def test_wrong_rank():
    assert "Input 'x' has rank 3" in refused(InputError, [torch.randn(1, 2, 8)])


def test_wrong_length():
    assert "has length 3 at axis 0" in refused(InputError, [torch.randn(3, 8)])


def test_range_for_a_length_that_is_static():
    assert "has length 1..4 at axis 0" in refused(InputError, [batch(1, 2, 4, 8)])


@pytest.mark.parametrize("count", [0, 2])
def test_wrong_count(count):
    text = refused(InputError, [torch.randn(2, 8)] * count)
    assert f"{count} inputs were given" in text and "expected 1: x (float32[2, 8])" in text


def test_wrong_name():
    text = refused(InputError, [], kwarg_inputs={"y": torch.randn(2, 8)})
    assert "['y']" in text and "expected" in text


def test_wrong_device():
    text = refused(InputError, [Input(shape=(2, 8), torch_tensor=torch.empty(2, 8, device="meta"))])
    assert "is on meta" in text and "on cpu" in text


def test_an_example_that_was_made_is_on_no_device():
    """Only those of the user have a place; a trace asks for the others, too."""
    program = torch.export.export(Mlp().to("meta"), (torch.empty(2, 8, device="meta"),))
    spec = Input(shape=(2, 8), dtype=torch.float32)
    assert spec.torch_tensor.device.type == "cpu"
    checked_ranges(program, [spec], {})


def test_two_names_for_the_inputs():
    with pytest.raises(InputError, match="two names"):
        dynamo.compile(program_of(), inputs=[torch.randn(2, 8)], arg_inputs=[torch.randn(2, 8)])


def test_no_exported_program():
    with pytest.raises(InputError, match="ExportedProgram"):
        dynamo.compile(Mlp())


def test_no_upper_limit_of_a_length():
    model = Mlp().eval()
    shapes = {"x": {0: torch.export.Dim.DYNAMIC}}
    program = torch.export.export(model, (torch.randn(3, 8),), dynamic_shapes=shapes)
    with pytest.raises(InputError, match="no largest value"):
        dynamo.compile(program, min_block_size=1)


def test_unsupported_operator_under_full_compilation():
    with pytest.raises(UnsupportedOperatorError) as caught:
        dynamo.compile(
            program_of(Sandwich(), torch.randn(4)),
            require_full_compilation=True,
            torch_executed_ops={"torch.ops.aten.sin.default"},
        )
    text = str(caught.value)
    assert text.startswith("aten.sin.default cannot be converted: torch_executed_ops")
    assert "at node 'sin'" in text and "models.py" in text
    assert "inputs [float32[4]]" in text
    assert "require_full_compilation=False" in text
    assert isinstance(caught.value, (RuntimeError, NotImplementedError))


def test_every_unsupported_operator_is_named():
    ops = {"torch.ops.aten.sin.default", "torch.ops.aten.relu.default"}
    with pytest.raises(UnsupportedOperatorError) as caught:
        dynamo.compile(
            program_of(Sandwich(), torch.randn(4)), require_full_compilation=True, torch_executed_ops=ops
        )
    assert "aten.relu.default (1x)" in str(caught.value) and "aten.sin.default (1x)" in str(caught.value)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3), nn.Dropout())

    def forward(self, x):
        return self.block(x)


def training_program():
    return torch.export.export(Norm().train(), (torch.randn(1, 3, 8, 8),))


def test_training_mode_under_full_compilation():
    with pytest.raises(ConversionError) as caught:
        dynamo.compile(training_program(), require_full_compilation=True)
    text = str(caught.value)
    assert "BatchNorm `block.1` is in training mode; call .eval()" in text and "Dropout 'block.2'" in text


def test_training_mode_says_so(caplog):
    with caplog.at_level(logging.WARNING):
        dynamo.compile(training_program(), dryrun=True)
    assert any("training mode" in r.message and "block.1" in r.message for r in caplog.records)


def test_eval_mode_says_nothing(caplog):
    with caplog.at_level(logging.WARNING):
        dynamo.compile(program_of(Norm().eval(), torch.randn(1, 3, 8, 8)), dryrun=True)
    assert not [r for r in caplog.records if "training" in r.message]


@pytest.fixture
def relu_converter():
    before = list(DYNAMO_ATEN_CONVERTERS[aten.relu.default])
    yield lambda f: dynamo_tensorrt_converter(aten.relu.default, priority=ConverterPriority.HIGH)(f)
    DYNAMO_ATEN_CONVERTERS[aten.relu.default] = before


def test_user_converter_that_returns_none(relu_converter):
    def forgetful(ctx, target, args, kwargs, name):
        ctx.net.add_identity(args[0])

    relu_converter(forgetful)
    with pytest.raises(ConversionError) as caught:
        compiled(Mlp(), [torch.randn(2, 8)])
    text = str(caught.value)
    assert "forgetful" in text and "aten.relu.default returned None" in text
    assert "node 'relu'" in text and "To go on: return" in text


def test_user_converter_that_raises(relu_converter):
    def broken(ctx, target, args, kwargs, name):
        raise KeyError("weight")

    relu_converter(broken)
    with pytest.raises(ConversionError, match="broken") as caught:
        compiled(Mlp(), [torch.randn(2, 8)])
    assert isinstance(caught.value.__cause__, KeyError)


def test_user_converter_with_a_wrong_shape(relu_converter):
    def flat(ctx, target, args, kwargs, name):
        layer = ctx.net.add_shuffle(args[0])
        layer.reshape_dims = (-1,)
        return layer.get_output(0)

    relu_converter(flat)
    with pytest.raises(ConversionError, match=r"returned lengths \[32\], PyTorch gives \['2', '16'\]"):
        compiled(Mlp(), [torch.randn(2, 8)])


def test_module_and_input_on_different_devices():
    model = ConvRelu().eval()
    with pytest.raises(InputError, match="is on meta, the module is on cpu"):
        torch_tensorrt.compile(model, inputs=[torch.empty(1, 3, 8, 8, device="meta")])


def test_what_is_not_built_yet_says_so():
    with pytest.raises(NotImplementedError, match="To go on"):
        torch_tensorrt.MutableTorchTensorRTModule(Mlp())
    with pytest.raises(NotImplementedError, match="To go on"):
        dynamo.refit_module_weights(None, None)
    with pytest.raises(NotImplementedError, match="To go on"):
        dynamo.cross_compile_for_windows(None)
