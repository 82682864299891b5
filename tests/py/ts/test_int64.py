"""Integer and double values: declared types are a contract, nothing is guessed, nothing wraps unseen."""

import warnings

import pytest
import torch
import torch_tensorrt
from torch import nn
from torch_tensorrt import ts
from torch_tensorrt._errors import DtypeContractError, DtypeNarrowingWarning, InputError, Int64RangeError

from tests.py.ts.harness import assert_same, compiled, engines_of, inputs_of, run_engine
from tests.py.ts.models import FRONTS, randomized

BOTH = pytest.mark.parametrize("truncate", [True, False])
FRONT = pytest.mark.parametrize("front", FRONTS)


def engine_of(model: torch.jit.ScriptModule, *inputs: torch.Tensor, **settings: object) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DtypeNarrowingWarning)
        return ts.convert_method_to_trt_engine(model, inputs=inputs_of(*inputs), **settings)


def binding_types(engine: bytes) -> dict[str, str]:
    import tensorrt as trt

    loaded = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(engine)
    names = [loaded.get_tensor_name(i) for i in range(loaded.num_io_tensors)]
    return {name: str(loaded.get_tensor_dtype(name)).removeprefix("DataType.") for name in names}


class Shuffled(nn.Module):
    """B1: a float model with an int64 buffer on the float path."""

    order: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("order", torch.tensor([2, 0, 1]))
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x.index_select(1, self.order))


@BOTH
@FRONT
def test_b1_b2_index_buffer_on_the_float_path(front: str, truncate: bool) -> None:
    x = torch.randn(1, 3, 8, 8)
    model = Shuffled().eval()
    engine = engine_of(FRONTS[front](model, x), x, truncate_long_and_double=truncate)
    types = binding_types(engine)
    assert list(types.values()) == ["FLOAT", "FLOAT"]
    assert_same(run_engine(engine, x), model(x).detach())
    report = ts.last_dtype_report()
    assert [(row.value, row.decision) for row in report.rows] == [("'order'", "KEEP")]
    assert report.rows[0].proof == "values in [0, 2]"


class DictToTuple(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        out = {"second": self.inner(x), "first": x.mean([2, 3])}
        return out["second"], out["first"]


def test_b3_binding_order_is_tuple_order() -> None:
    x = torch.randn(1, 3, 8, 8)
    model = randomized(DictToTuple())
    engine = engine_of(FRONTS["traced"](model, x), x, truncate_long_and_double=True)
    assert list(binding_types(engine))[-2:] == ["output0", "output1"]
    assert_same(run_engine(engine, x), model(x))
    assert not any("num_batches_tracked" in row.value for row in ts.last_dtype_report().rows)


@BOTH
@FRONT
def test_b4_counter_of_batch_norm_is_dead(front: str, truncate: bool) -> None:
    x = torch.randn(1, 3, 8, 8)
    model = randomized(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    engine = engine_of(FRONTS[front](model, x), x, truncate_long_and_double=truncate)
    assert ts.last_dtype_report().rows == ()
    assert_same(run_engine(engine, x), model(x).detach())


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn(x)


@FRONT
def test_b5_training_mode_is_named(front: str) -> None:
    x = torch.randn(2, 3, 4, 4)
    module = FRONTS[front](Named().train(), x)
    for act in (lambda: engine_of(module, x), lambda: compiled(module, inputs_of(x))):
        with pytest.raises(RuntimeError, match=r"'bn' is in training mode(.|\n)*\.eval\(\)"):
            act()


class CounterOnTheFloatPath(nn.Module):
    """B6 and B7: num_batches_tracked is alive because the model reads it."""

    def __init__(self, scaled: bool) -> None:
        super().__init__()
        self.bn, self.conv, self.scaled = nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), scaled
        self.bn.num_batches_tracked.fill_(7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.scaled:
            return self.bn(x) * (self.bn.num_batches_tracked + 1)
        return self.conv(x + self.bn.num_batches_tracked)


@BOTH
@FRONT
@pytest.mark.parametrize("scaled", [False, True])
def test_b6_b7_counter_on_the_float_path(scaled: bool, front: str, truncate: bool) -> None:
    x = torch.randn(1, 3, 8, 8)
    model = randomized(CounterOnTheFloatPath(scaled))
    engine = engine_of(FRONTS[front](model, x), x, truncate_long_and_double=truncate)
    assert set(binding_types(engine).values()) == {"FLOAT"}
    assert_same(run_engine(engine, x), model(x).detach())


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Shuffled(), nn.BatchNorm2d(4)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def test_b15_buffers_to_int32() -> None:
    model = randomized(Nested())
    x = torch.randn(1, 3, 8, 8)
    expected = model(x)
    assert ts.int64_buffers_to_int32(model) == ["layers.0.order"]
    assert model.layers[0].order.dtype == torch.int32
    assert_same(model(x), expected)
    engine = engine_of(torch.jit.script(model), x, truncate_long_and_double=False)
    assert_same(run_engine(engine, x), expected.detach())


def test_b15_refuses_what_does_not_fit() -> None:
    model = Nested()
    model.layers[0].order[1] = 2**40
    with pytest.raises(Int64RangeError, match=r"'layers\.0\.order' holds 1099511627776 at index 1"):
        ts.int64_buffers_to_int32(model)
    assert model.layers[0].order.dtype == torch.int64


class Pair(nn.Module):
    def forward(self, left: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return left + right, left - right


def test_b18_names() -> None:
    x = torch.randn(2)
    engine = engine_of(torch.jit.script(Pair()), x, x)
    assert list(binding_types(engine)) == ["left", "right", "output0", "output1"]


class Literals(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 - 1 + x * 0.5


@BOTH
@FRONT
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64])
def test_literals_are_weak(dtype: torch.dtype, front: str, truncate: bool) -> None:
    x = torch.arange(6).to(dtype)
    model = Literals()
    engine = engine_of(FRONTS[front](model, x), x, truncate_long_and_double=truncate)
    assert_same(run_engine(engine, x), model(x))


class Integers(nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
        sums = [x + y, x - y, x * y, x // y, x % y, -x, x.abs(), x**3]
        return sums + [
            x.sum(),
            x.amax(0),
            x > y,
            torch.maximum(x, y),
            x.clamp(-5, 1099511627776),
            x.cumsum(0),
        ]


@BOTH
def test_int64_arithmetic_is_exact(truncate: bool) -> None:
    x = torch.tensor([2**40 + 1, -(2**33) - 7, 16777217, -3, 0])
    y = torch.tensor([3, -7, 2**31, 2, 5])
    model = torch.jit.script(Integers())
    module = compiled(
        model, inputs_of(x, y), truncate_long_and_double=truncate, require_full_compilation=True
    )
    assert engines_of(module) == 1
    assert_same(module(x, y), model(x, y))


class Ids(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found = self.table(ids)
        return found, found.argmax(-1), ids + 8589934592


def test_declared_int64_stays_int64() -> None:
    ids = torch.tensor([[1, 5, 9]])
    model = torch.jit.script(Ids())
    engine = engine_of(model, ids)
    assert binding_types(engine) == {
        "ids": "INT64",
        "output0": "FLOAT",
        "output1": "INT64",
        "output2": "INT64",
    }
    assert_same(run_engine(engine, ids), model(ids))


def test_undeclared_index_has_to_be_declared() -> None:
    with pytest.raises(InputError, match="Cannot determine the dtype of input 'ids"):
        ts.convert_method_to_trt_engine(torch.jit.script(Ids()), inputs=[torch_tensorrt.Input((1, 3))])


class Doubles(nn.Module):
    table: torch.Tensor

    def __init__(self, last: float = 0.3) -> None:
        super().__init__()
        self.register_buffer("table", torch.tensor([0.1, 0.2, last], dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) * self.table


def test_float64_is_refused_without_permission() -> None:
    with pytest.raises(DtypeContractError, match=r"'table'(.|\n)*truncate_long_and_double=True"):
        engine_of(torch.jit.script(Doubles()), torch.randn(3))


def test_float64_is_narrowed_with_permission_and_returned() -> None:
    x = torch.randn(3)
    model = torch.jit.script(Doubles())
    with pytest.warns(DtypeNarrowingWarning, match="narrowed from float64 to float32") as caught:
        module = compiled(model, inputs_of(x), truncate_long_and_double=True, require_full_compilation=True)
    assert sum(issubclass(w.category, DtypeNarrowingWarning) for w in caught) == 1
    assert module(x).dtype == torch.float64
    assert_same(module(x).float(), model(x).float())
    assert {row.value for row in module.dtype_report.narrowed()} >= {"'table'"}


def test_float64_falls_back_without_permission() -> None:
    x = torch.randn(3)
    model = torch.jit.script(Doubles())
    module = compiled(model, inputs_of(x), min_block_size=1)
    assert engines_of(module) == 1
    assert_same(module(x), model(x))
    assert any("float64" in line for line in module.fallbacks)


@BOTH
def test_float64_overflow_is_named(truncate: bool) -> None:
    with pytest.raises((Int64RangeError, DtypeContractError), match="'table'") as caught:
        engine_of(torch.jit.script(Doubles(1e300)), torch.randn(3), truncate_long_and_double=truncate)
    if truncate:
        assert "1e+300 at index 2" in str(caught.value)


def test_double_input_is_bound_as_float32() -> None:
    x = torch.randn(3, dtype=torch.float64)
    model = torch.jit.script(nn.ReLU())
    with pytest.warns(DtypeNarrowingWarning):
        engine = ts.convert_method_to_trt_engine(model, inputs=inputs_of(x), truncate_long_and_double=True)
    assert set(binding_types(engine).values()) == {"FLOAT"}


def test_the_old_message_is_gone() -> None:
    import pathlib

    for file in pathlib.Path(torch_tensorrt.__file__).parent.rglob("*.py"):
        assert "Cannot specify Int64 input" not in file.read_text()
