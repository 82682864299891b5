"""Bad input, at compile and at call: a typed error says what, where, expected and actual, and the way out."""

from __future__ import annotations

import pytest
import tensorrt as trt
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import Input
from torch_tensorrt._errors import (
    ConversionError,
    EngineError,
    InputError,
    TorchTensorRTError,
    UnsupportedOperatorError,
)
from torch_tensorrt.dynamo.conversion import (
    DYNAMO_ATEN_CONVERTERS,
    ConverterPriority,
    dynamo_tensorrt_converter,
)
from torch_tensorrt.dynamo.runtime import TorchTensorRTModule
from torch_tensorrt.dynamo.runtime._engine_info import ENGINE_IDX

from tests.e2e.judge import engine_modules

aten = torch.ops.aten


class Model(nn.Module):
    """relu(linear(x)) * scale"""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.linear(x)) * scale


X = Input(min_shape=(2, 8), opt_shape=(4, 8), max_shape=(6, 8), dtype=torch.float32)
SCALE = Input((4,), dtype=torch.float32)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return Model().eval()


@pytest.fixture(scope="module")
def compiled(model):
    return torch_tensorrt.compile(model, ir="dynamo", inputs=[X, SCALE], min_block_size=1)


@pytest.fixture(scope="module")
def program(model):
    return torch.export.export(model, good())


def good(rows: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(rows, 8), torch.randn(4)


def assert_works(compiled, model, *inputs):
    inputs = inputs or good()
    with torch.no_grad():
        torch.testing.assert_close(compiled(*inputs), model(*inputs))


def assert_says(error: BaseException, *parts: str) -> None:
    """Every part stands in the text."""
    missing = [part for part in parts if part not in str(error)]
    assert not missing, f"{missing} not in:\n{error}"


# ---- at the call

X_OK, S_OK = torch.ones(3, 8), torch.ones(4)
CALLS = {
    "dtype": ((X_OK.half(), S_OK), ["'x'", "argument 0", "float32", "float16", "Cast it"]),
    "dtype of the second": ((X_OK, S_OK.long()), ["'scale'", "argument 1", "float32", "int64", "Cast it"]),
    "rank": ((X_OK[None], S_OK), ["'x'", "argument 0", "2 axes", "[2..6, 8]", "[1, 3, 8]", "Reshape it"]),
    "shape": ((torch.ones(3, 9), S_OK), ["'x'", "axis 1", "8", "9", "Pass that length"]),
    "below the profile": ((torch.ones(1, 8), S_OK), ["'x'", "axis 0", "2 to 6", "got 1", "in that range"]),
    "above the profile": ((torch.ones(7, 8), S_OK), ["'x'", "axis 0", "2 to 6", "got 7", "in that range"]),
    "empty": ((torch.ones(0, 8), S_OK), ["'x'", "axis 0", "2 to 6", "got 0"]),
    "device": ((X_OK.to("meta"), S_OK), ["'x'", "argument 0", "meta", ".to('"]),
    "device of the second": ((X_OK, S_OK.to("meta")), ["'scale'", "argument 1", "meta", ".to('"]),
    "layout": ((X_OK.to_sparse(), S_OK), ["'x'", "dense", "to_dense()"]),
    "kind": ((X_OK, None), ["'scale'", "argument 1", "tensor", "NoneType"]),
    "too few": ((X_OK,), ["1 positional", "forward(x, scale)", "expected 2: x (float32[", "To go on"]),
    "too many": ((X_OK, S_OK, S_OK), ["3 positional", "forward(x, scale)", "expected 2: x", "To go on"]),
    "order": ((S_OK, X_OK), ["'x'", "2 axes", "[4]"]),
}


@pytest.mark.parametrize("case", CALLS)
def test_call(compiled, model, case):
    inputs, parts = CALLS[case]
    for _ in range(2):  # the second one is refused as the first one
        with pytest.raises(InputError) as caught:
            compiled(*inputs)
        assert_says(caught.value, *parts)
        assert isinstance(caught.value, ValueError) and isinstance(caught.value, RuntimeError)
    assert_works(compiled, model)
    assert_works(compiled, model, *good(6))


@pytest.mark.parametrize(
    "names, parts",
    [
        (("x", "y"), ["x, y", "'scale'"]),
        (("x",), ["'scale'", "expected 2"]),
        (("x", "scale", "z"), ["'z'", "expected 2"]),
    ],
)
def test_names_at_the_call(compiled, model, names, parts):
    with pytest.raises(InputError) as caught:
        compiled(**{n: X_OK if n == "x" else S_OK for n in names})
    assert_says(caught.value, "forward(x, scale)", "To go on", *parts)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x=X_OK, scale=S_OK), model(X_OK, S_OK))


# ---- at compile time

COMPILES = {
    "dtype": ([X_OK.half(), S_OK], ["Input 'x'", "float16", "expected float32[3, 8]", "To go on"]),
    "dtype of an Input": ([Input((3, 8), dtype=torch.int64), SCALE], ["Input 'x'", "int64", "float32"]),
    "rank": ([X_OK[None], S_OK], ["Input 'x'", "rank 3", "expected float32[3, 8]", "To go on"]),
    "shape": (
        [torch.ones(4, 8), S_OK],
        ["Input 'x'", "length 4 at axis 0", "expected float32[3, 8]", "To go on"],
    ),
    "range": ([X, SCALE], ["Input 'x'", "length 2..6 at axis 0", "expected float32[3, 8]", "To go on"]),
    "device": ([X_OK.to("meta"), S_OK], ["Input 'x'", "meta", "expected", "cpu", "To go on"]),
    "too few": ([X_OK], ["1 inputs", "expected 2: x (float32[3, 8]), scale (float32[4])", "To go on"]),
    "too many": ([X_OK, S_OK, S_OK], ["3 inputs", "expected 2: x (float32[3, 8])", "To go on"]),
    "kind": ([X_OK, "four"], ["str", "expected a tensor"]),
}


@pytest.mark.parametrize("case", COMPILES)
def test_compile(program, model, case):
    inputs, parts = COMPILES[case]
    with pytest.raises(InputError) as caught:
        torch_tensorrt.dynamo.compile(program, inputs=inputs, min_block_size=1)
    assert_says(caught.value, *parts)


def test_names_at_compile_time(program):
    with pytest.raises(InputError) as caught:
        torch_tensorrt.dynamo.compile(
            program, arg_inputs=[X_OK], kwarg_inputs={"factor": S_OK}, min_block_size=1
        )
    assert_says(caught.value, "factor", "expected", "To go on")


@pytest.mark.parametrize(
    "inputs, parts",
    [
        ([torch.ones(3, 8, device="meta"), S_OK], ["meta", "cpu", "To go on"]),
        ([X_OK, S_OK, S_OK], ["3 positional inputs", "expected 2", "forward"]),
        (None, ["no inputs were given", "inputs"]),
    ],
    ids=["device", "too many", "none"],
)
def test_compile_of_a_module(model, inputs, parts):
    with pytest.raises(InputError) as caught:
        torch_tensorrt.compile(model, ir="dynamo", inputs=inputs, min_block_size=1)
    assert_says(caught.value, *parts)


@pytest.mark.parametrize(
    "keywords",
    [
        {"min_shape": (3, 8), "opt_shape": (2, 8), "max_shape": (6, 8)},
        {"min_shape": (1, 8), "opt_shape": (2, 8, 1), "max_shape": (6, 8)},
        {"min_shape": (1, 8)},
        {"shape": (-3, 8)},
        {"shape": (3, 8), "kind": 1},
        {},
    ],
    ids=str,
)
def test_wrong_specs(keywords):
    with pytest.raises(InputError):
        Input(**keywords)


# ---- engine bytes


def damaged(plan: bytes) -> dict[str, bytes]:
    """The plan with one fault each."""
    middle = len(plan) // 2
    flipped = bytes([plan[middle] ^ 0x55])
    return {
        "empty": b"",
        "header only": plan[:16],
        "truncated": plan[:middle],
        "last byte missing": plan[:-1],
        "first byte altered": bytes([plan[0] ^ 0xFF]) + plan[1:],
        "one byte altered": plan[:middle] + flipped + plan[middle + 1 :],
        "last byte altered": plan[:-1] + bytes([plan[-1] ^ 0xFF]),
        "bytes behind it": plan + b"\0" * 64,
        "noise": bytes(range(256)) * 16,
    }


FAULTS = list(damaged(b"\0" * 64))


class Quiet(trt.ILogger):
    """Keeps what the runtime says."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.lines: list[str] = []

    def log(self, severity, message) -> None:
        if severity <= trt.ILogger.ERROR:
            self.lines.append(message)


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_bytes_through_the_bindings(compiled, fault):
    plan = engine_modules(compiled)[0].serialized_engine
    logger = Quiet()
    runtime = trt.Runtime(logger)
    assert runtime.deserialize_cuda_engine(damaged(plan)[fault]) is None
    assert logger.lines, "nothing was logged"
    assert runtime.deserialize_cuda_engine(plan) is not None


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_bytes_through_our_classes(compiled, model, fault):
    held = engine_modules(compiled)[0]
    wrong = damaged(held.serialized_engine)[fault]
    with pytest.raises(TorchTensorRTError) as caught:
        TorchTensorRTModule(
            wrong, held.input_binding_names, held.output_binding_names, name="damaged"
        ).get_engine()
    assert isinstance(caught.value, (EngineError, InputError))
    assert_says(caught.value, "damaged")
    assert_works(compiled, model)


@pytest.mark.parametrize("fault", ["truncated", "one byte altered", "empty"])
def test_damaged_bytes_through_torch_classes(compiled, fault):
    held = engine_modules(compiled)[0]
    fields = list(held._info(held.serialized_engine))
    torch.classes.tensorrt.Engine(fields)
    fields[ENGINE_IDX] = damaged(held.serialized_engine)[fault]
    with pytest.raises(RuntimeError):
        torch.classes.tensorrt.Engine(fields)


# ---- the model


class Training(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3), *layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block(x)


@pytest.mark.parametrize("layer", [nn.BatchNorm2d(3), nn.Dropout(0.5)], ids=["BatchNorm", "Dropout"])
@pytest.mark.parametrize("entry", ["export", "compile"])
def test_training_mode(layer, entry):
    model, x = Training(layer).train(), torch.randn(2, 3, 8, 8)
    with pytest.raises(ConversionError) as caught:
        if entry == "export":
            exported = torch.export.export(model, (x,))
            torch_tensorrt.dynamo.compile(exported, inputs=[x], require_full_compilation=True)
        else:
            torch_tensorrt.compile(model, ir="dynamo", inputs=[x], require_full_compilation=True)
    kind = type(layer).__name__.removesuffix("2d")
    assert_says(caught.value, f"{kind} `block.1` is in training mode", "eval()", "expected", "To go on")
    compiled = torch_tensorrt.compile(model.eval(), ir="dynamo", inputs=[x], require_full_compilation=True)
    assert_works(compiled, model, x)


class Unsupported(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Module()
        self.inner.forward = lambda x: torch.linalg.svdvals(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner.forward(torch.relu(x)) + 1


def test_unsupported_operator_under_full_compilation():
    model, x = Unsupported().eval(), torch.randn(4, 4)
    with pytest.raises(UnsupportedOperatorError) as caught:
        torch_tensorrt.compile(model, ir="dynamo", inputs=[x], require_full_compilation=True)
    assert isinstance(caught.value, NotImplementedError)
    assert_says(caught.value, "svd", "cannot be converted", "at node", "test_bad_input.py", "float32[4, 4]")
    assert_says(caught.value, "require_full_compilation=False")
    assert_works(torch_tensorrt.compile(model, ir="dynamo", inputs=[x], min_block_size=1), model, x)


def test_user_converter_that_returns_none(model):
    before = list(DYNAMO_ATEN_CONVERTERS[aten.relu.default])

    @dynamo_tensorrt_converter(
        aten.relu.default, priority=ConverterPriority.HIGH, supports_dynamic_shapes=True
    )
    def forgetful(ctx, target, args, kwargs, name):
        ctx.net.add_activation(args[0], trt.ActivationType.RELU)

    try:
        with pytest.raises(ConversionError) as caught:
            torch_tensorrt.compile(model, ir="dynamo", inputs=[X, SCALE], min_block_size=1)
    finally:
        DYNAMO_ATEN_CONVERTERS[aten.relu.default] = before
    assert_says(
        caught.value, "forgetful", "aten.relu.default returned None", "node 'relu'", "test_bad_input.py"
    )
    assert_says(caught.value, "To go on: return")
    assert_works(torch_tensorrt.compile(model, ir="dynamo", inputs=[X, SCALE], min_block_size=1), model)
