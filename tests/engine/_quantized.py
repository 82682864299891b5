"""Tensors of quantized types: codes with their values, and engines with inputs and outputs of such types.

check(lambda n, x: n.add_identity(x), [codes("int4", (3, 5))], lambda x: x)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, TRT_OF, Log, Net, Range, Refused, device, sample
from tests.engine._members import should_have
from tests.util.tolerance import tolerances


def _fp4_values() -> torch.Tensor:
    half = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6], dtype=torch.float64)
    return torch.cat([half, -half])


_BYTES = torch.arange(256, dtype=torch.uint8)

VALUES: dict[str, torch.Tensor] = {
    "int8": _BYTES.view(torch.int8).double(),
    "fp8": _BYTES.view(torch.float8_e4m3fn).double(),
    "int4": torch.cat([torch.arange(8), torch.arange(-8, 0)]).double(),
    "fp4": _fp4_values(),
    "e8m0": torch.cat(
        [2.0 ** torch.arange(-127, 128).double(), torch.tensor([torch.nan], dtype=torch.float64)]
    ),
}
"""The value of each code, exactly."""

TYPES = {"int8": trt.int8, "fp8": trt.fp8, "int4": trt.int4, "fp4": trt.fp4, "e8m0": trt.e8m0}
QUANTIZED = ["int8", "fp8", "int4", "fp4"]
NAME_OF = {theirs: ours for ours, theirs in TYPES.items()}
GREATEST = {"int8": 127.0, "fp8": 448.0, "int4": 7.0, "fp4": 6.0}


@dataclass
class Codes:
    """A tensor of a quantized type, one byte per element here."""

    type: str
    codes: torch.Tensor

    @property
    def shape(self) -> torch.Size:
        return self.codes.shape

    @property
    def values(self) -> torch.Tensor:
        return VALUES[self.type][self.codes.long()]

    @property
    def is_packed(self) -> bool:
        return len(VALUES[self.type]) == 16

    def memory(self) -> torch.Tensor:
        """As an engine has it: elements of four bits in pairs, the first in the low bits."""
        flat = self.codes.flatten()
        if not self.is_packed:
            return flat.clone()
        if flat.numel() % 2:
            flat = torch.cat([flat, torch.zeros(1, dtype=torch.uint8)])
        return flat[0::2] | (flat[1::2] << 4)

    @staticmethod
    def of_memory(type: str, memory: torch.Tensor, shape: Sequence[int]) -> Codes:
        count = torch.Size(shape).numel()
        if len(VALUES[type]) == 16:
            memory = torch.stack([memory & 15, memory >> 4], 1).flatten()[:count]
        return Codes(type, memory[:count].reshape(tuple(shape)))

    def moved(self, move: Callable[[torch.Tensor], torch.Tensor]) -> Codes:
        return Codes(self.type, move(self.codes))


Operand = torch.Tensor | Codes


def codes(type: str, shape: Sequence[int], seed: int = 0) -> Codes:
    """Repeatable codes, none of them NaN."""
    drawn = sample(shape, torch.uint8, 0, len(VALUES[type]), seed)
    drawn[VALUES[type][drawn.long()].isnan()] = 1
    return Codes(type, drawn)


def require_block_shapes() -> None:
    if not should_have("IQuantizeLayer.block_shape"):
        pytest.skip("block shapes need the bindings of TensorRT 10.15")


def nearest(values: torch.Tensor, type: str) -> Codes:
    """What float64 values are quantized to: ties to even, saturated, NaN to 0 where the type has none."""
    if type.startswith("int"):
        bits = 8 if type == "int8" else 4
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        whole = torch.round(values.nan_to_num(0.0)).clamp(low, high).long()
        return Codes(type, (whole & (2**bits - 1)).to(torch.uint8))
    half = len(VALUES[type]) // 2
    sizes = VALUES[type][:half]
    sizes = sizes[~sizes.isnan()]
    middles = (sizes[1:] + sizes[:-1]) / 2
    size = values.abs().nan_to_num(0.0)
    below = torch.searchsorted(middles, size.contiguous())
    tie = torch.cat([middles, torch.tensor([torch.inf])])[below] == size
    code = below + (tie & (below % 2 == 1))
    code[values.isnan()] = half - 1 if type == "fp8" else 0
    return Codes(type, (code + half * (torch.signbit(values))).to(torch.uint8))


class QuantizedNet(Net):
    """A network that takes codes as weights."""

    def weights(self, value: Operand) -> trt.Weights:
        if isinstance(value, torch.Tensor):
            return super().weights(value)
        self._alive.append(value.memory())
        kept = self._alive[-1]
        return trt.Weights(TYPES[value.type], kept.data_ptr(), value.codes.numel())

    def constant(self, value: Operand) -> trt.ITensor:
        return self.add_constant(tuple(value.shape), self.weights(value)).get_output(0)


def type_of(value: Operand) -> trt.DataType:
    return TYPES[value.type] if isinstance(value, Codes) else TRT_OF[value.dtype]


def build_engine(
    build: Callable[..., Any],
    inputs: Sequence[Operand],
    dynamic: Sequence[Range | None] | None = None,
    flags: int = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED),
    configure: Callable[[trt.IBuilderConfig], None] = lambda config: None,
) -> tuple[bytes | None, str]:
    """The plan or None, and the log. Inputs are x0, x1, ...; outputs y0, y1, ..."""
    log = Log()
    builder = trt.Builder(log)
    net = QuantizedNet(builder.create_network(flags))
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    configure(config)
    tensors = []
    for i, x in enumerate(inputs):
        shape = tuple(x.shape)
        span = dynamic[i] if dynamic else None
        if span is not None:
            shape = tuple(-1 if low != high else low for low, high in zip(span[0], span[2], strict=True))
            profile.set_shape(f"x{i}", *span)
        tensors.append(net.add_input(f"x{i}", type_of(x), shape))
    if dynamic:
        config.add_optimization_profile(profile)
    try:
        built = build(net, *tensors)
    except Refused:
        return None, log.text
    if isinstance(built, trt.ILayer):
        built = [built.get_output(i) for i in range(built.num_outputs)]
    for i, y in enumerate(built if isinstance(built, (list, tuple)) else [built]):
        y.name = f"y{i}"
        net.mark_output(y)
    plan = builder.build_serialized_network(net.network, config)
    return (None if plan is None else bytes(plan)), log.text


def run_engine(plan: bytes, inputs: Sequence[Operand]) -> list[Operand]:
    """Outputs on the CPU."""
    log = Log()
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    assert engine is not None, log.text
    context = engine.create_execution_context()
    kept = []
    for i, x in enumerate(inputs):
        memory = x.memory() if isinstance(x, Codes) else x.contiguous().flatten().view(torch.uint8)
        kept.append(torch.cat([memory, torch.zeros(16, dtype=torch.uint8)]).to(device()))
        assert context.set_input_shape(f"x{i}", tuple(x.shape)), log.text
        assert context.set_tensor_address(f"x{i}", kept[-1].data_ptr()), log.text
    outputs: list[tuple[trt.DataType, tuple[int, ...], torch.Tensor]] = []
    for i in range(engine.num_io_tensors - len(inputs)):
        shape, type = tuple(context.get_tensor_shape(f"y{i}")), engine.get_tensor_dtype(f"y{i}")
        count = torch.Size(shape).numel()
        outputs.append((type, shape, torch.full((count * 8 + 16,), 0x5A, dtype=torch.uint8, device=device())))
        assert context.set_tensor_address(f"y{i}", outputs[-1][2].data_ptr()), log.text
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), log.text
    if device().type == "cuda":
        torch.cuda.synchronize()
    return [_read(type, shape, memory.cpu()) for type, shape, memory in outputs]


def _read(type: trt.DataType, shape: Sequence[int], memory: torch.Tensor) -> Operand:
    count = torch.Size(shape).numel()
    if type in NAME_OF:
        size = len(Codes(NAME_OF[type], torch.zeros(count, dtype=torch.uint8)).memory())
        assert bool((memory[size:] == 0x5A).all()), "written beyond the end"
        return Codes.of_memory(NAME_OF[type], memory[:size], shape)
    dtype = TORCH_OF[type]
    return memory[: count * dtype.itemsize].view(dtype).reshape(tuple(shape))


def run(
    build: Callable[..., Any], inputs: Sequence[Operand], dynamic: Sequence[Range | None] | None = None
) -> list[Operand]:
    plan, log = build_engine(build, inputs, dynamic)
    assert plan is not None, f"the build failed:\n{log}"
    return run_engine(plan, inputs)


def is_unset(layer: trt.ILayer) -> bool:
    """Whether the block shape has rank -1,
    of which the bindings cannot even tell the length (11: nor the shape)."""
    try:
        return len(layer.block_shape) < 0
    except (ValueError, RuntimeError):
        return True


def assert_same(actual: Operand, wanted: Operand) -> None:
    """Exactly: the same codes, or the same numbers with NaN in the same places."""
    assert actual.shape == wanted.shape
    if isinstance(actual, Codes):
        assert isinstance(wanted, Codes) and actual.type == wanted.type
        assert torch.equal(actual.codes, wanted.codes), (actual.codes, wanted.codes)
    else:
        assert isinstance(wanted, torch.Tensor) and actual.dtype == wanted.dtype
        torch.testing.assert_close(actual, wanted, equal_nan=True, **tolerances(torch.int64))


def check(
    build: Callable[..., Any],
    inputs: Sequence[Operand],
    reference: Callable[..., Any],
    dynamic: Sequence[Range | None] | None = None,
) -> None:
    """Outputs equal those of `reference`, exactly."""
    wanted = reference(*inputs)
    wanted = list(wanted) if isinstance(wanted, (list, tuple)) else [wanted]
    actual = run(build, inputs, dynamic)
    assert len(actual) == len(wanted)
    for y, w in zip(actual, wanted, strict=True):
        assert_same(y, w)


def build_error(
    build: Callable[..., Any], inputs: Sequence[Operand], dynamic: Sequence[Range | None] | None = None
) -> str:
    plan, log = build_engine(build, inputs, dynamic)
    assert plan is None, "the build should have failed"
    return log
