"""Builds a one-layer network with NVIDIA's bindings, runs it, and compares with PyTorch in float64.

check(lambda n, x: n.add_unary(x, trt.UnaryOperation.EXP), [sample((2, 3))], torch.exp, dynamic=True)
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import tensorrt as trt
import torch
import torch_tensorrt
from torch.overrides import TorchFunctionMode

from tests.util.oracle import assert_as_good_as_eager
from tests.util.tolerance import tolerances

FLOATS = [torch.float32, torch.float16, torch.bfloat16]
INDICES = [torch.int32, torch.int64]
STATIC_AND_DYNAMIC = [False, True]
SHAPES = [(2, 3, 4), (), (0, 3), (1,) * 8]
"""For layers that take any shape."""

torch.backends.cudnn.allow_tf32 = False  # float32 convolutions are compared at float32's tolerance

TRT_OF = {
    torch.float32: trt.float32,
    torch.float16: trt.float16,
    torch.bfloat16: trt.bfloat16,
    torch.int8: trt.int8,
    torch.int32: trt.int32,
    torch.int64: trt.int64,
    torch.bool: trt.bool,
    torch.uint8: trt.uint8,
}
TORCH_OF = {ours: theirs for theirs, ours in TRT_OF.items()}

Build = Callable[..., Any]
Range = tuple[Sequence[int], Sequence[int], Sequence[int]]


class Refused(Exception):
    """The network did not take a layer; the log says why."""


class Net:
    """The network's methods, and constants that live as long as it."""

    def __init__(self, network: trt.INetworkDefinition) -> None:
        self.network = network
        self._alive: list[torch.Tensor] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.network, name)
        if not name.startswith("add_"):
            return method

        def add(*args: Any) -> Any:
            layer = method(*args)
            if layer is None:
                raise Refused(name)
            return layer

        return add

    def weights(self, value: torch.Tensor) -> trt.Weights:
        self._alive.append(value.contiguous().cpu())
        kept = self._alive[-1]
        return trt.Weights(TRT_OF[kept.dtype], kept.data_ptr(), kept.numel())

    def constant(self, value: torch.Tensor) -> trt.ITensor:
        return self.add_constant(tuple(value.shape), self.weights(value)).get_output(0)


class Log(trt.ILogger):
    """Keeps warnings and errors."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.lines: list[str] = []

    def log(self, severity: trt.ILogger.Severity, text: str) -> None:
        if severity <= trt.ILogger.Severity.WARNING:
            self.lines.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def device() -> torch.device:
    return torch.device(torch_tensorrt.provider().device)


def sample(
    shape: Sequence[int], dtype: torch.dtype = torch.float32, low: float = -3, high: float = 3, seed: int = 0
) -> torch.Tensor:
    """Repeatable numbers in [low, high): whole ones for integers."""
    generator = torch.Generator().manual_seed(seed + zlib.crc32(repr((tuple(shape), str(dtype))).encode()))
    if dtype == torch.bool:
        return torch.rand(tuple(shape), generator=generator) < 0.5
    if dtype.is_floating_point:
        return (
            torch.empty(tuple(shape), dtype=torch.float64).uniform_(low, high, generator=generator).to(dtype)
        )
    return torch.randint(int(low), int(high), tuple(shape), generator=generator, dtype=dtype)


def _dynamic_range(shape: Sequence[int]) -> Range:
    """Every axis longer than 1 may be one longer."""
    return tuple(shape), tuple(shape), tuple(n + 1 if n > 1 else n for n in shape)


def growing(x: torch.Tensor, *axes: int) -> Range:
    """A range of shapes for `dynamic`: the named axes may be one longer."""
    longer = tuple(n + 1 if axis in axes else n for axis, n in enumerate(x.shape))
    return tuple(x.shape), tuple(x.shape), longer


def _outputs(built: Any) -> list[trt.ITensor]:
    if isinstance(built, trt.ILayer):
        return [built.get_output(i) for i in range(built.num_outputs)]
    return list(built) if isinstance(built, (list, tuple)) else [built]


def build_engine(
    build: Build, inputs: Sequence[torch.Tensor], dynamic: bool | Sequence[Range | None] = False
) -> tuple[bytes | None, str]:
    """The serialized engine, or None, and what was logged. Inputs are named x0, x1, ...; outputs y0, y1, ...

    `dynamic`: all lengths are unknown, within narrow ranges; or (min, opt, max) for each input, None: static.
    """
    log = Log()
    builder = trt.Builder(log)
    flag = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    net = Net(builder.create_network(flag))
    if isinstance(dynamic, bool):
        ranges = [_dynamic_range(x.shape) if dynamic else None for x in inputs]
    else:
        ranges = list(dynamic)
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    tensors = []
    for i, (x, span) in enumerate(zip(inputs, ranges, strict=True)):
        shape = tuple(x.shape)
        if span is not None:
            shape = tuple(
                -1 if low != high or dynamic is True else low
                for low, high in zip(span[0], span[2], strict=True)
            )
            profile.set_shape(f"x{i}", *span)
        tensors.append(net.add_input(f"x{i}", TRT_OF[x.dtype], shape))
    if any(span is not None for span in ranges):
        config.add_optimization_profile(profile)
    try:
        outputs = _outputs(build(net, *tensors))
    except Refused:
        return None, log.text
    for i, y in enumerate(outputs):
        y.name = f"y{i}"
        net.mark_output(y)
    plan = builder.build_serialized_network(net.network, config)
    return (None if plan is None else bytes(plan)), log.text


RUNS = int(os.environ.get("TORCHTRT_TEST_RUNS", "1"))
"""Of every engine over the same memory; on CUDA the third is a graph. All have to be as the first."""


class _Buffer:
    """Memory with an address also when the tensor is empty."""

    def __init__(self, shape: Sequence[int], dtype: torch.dtype) -> None:
        count = torch.Size(shape).numel()
        self._memory = torch.full((max(count, 1) * dtype.itemsize,), 0x5A, dtype=torch.uint8, device=device())
        self.tensor = self._memory.view(dtype)[:count].view(tuple(shape))
        self.address = self._memory.data_ptr()

    def spoil(self) -> None:
        self._memory.fill_(0x5A if self.tensor.dtype != torch.bool else 1)


def run_engine(plan: bytes, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Outputs for inputs x0, x1, ..., on the CPU."""
    log = Log()
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    assert engine is not None, log.text
    context = engine.create_execution_context()
    buffers = []
    for i, x in enumerate(inputs):
        buffer = _Buffer(x.shape, x.dtype)
        buffer.tensor.copy_(x)
        buffers.append(buffer)
        assert context.set_input_shape(f"x{i}", tuple(x.shape)), log.text
        assert context.set_tensor_address(f"x{i}", buffer.address), log.text
    outputs = []
    for i in range(engine.num_io_tensors - len(inputs)):
        shape = tuple(context.get_tensor_shape(f"y{i}"))
        assert all(n >= 0 for n in shape), f"y{i} has shape {shape}\n{log.text}"
        outputs.append(_Buffer(shape, TORCH_OF[engine.get_tensor_dtype(f"y{i}")]))
        assert context.set_tensor_address(f"y{i}", outputs[-1].address), log.text
    found = _run_once(context, outputs, log)
    for _ in range(RUNS - 1):
        for buffer in outputs:
            buffer.spoil()
        for now, before in zip(_run_once(context, outputs, log), found, strict=True):
            torch.testing.assert_close(now, before, equal_nan=True, msg=lambda text: f"later: {text}")
    assert "without a CUDA graph" not in log.text, log.text
    return found


def _run_once(context: trt.IExecutionContext, outputs: Sequence[_Buffer], log: Log) -> list[torch.Tensor]:
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), log.text
    if device().type == "cuda":
        torch.cuda.synchronize()
    return [buffer.tensor.to("cpu", copy=True) for buffer in outputs]


def run(
    build: Build, inputs: Sequence[torch.Tensor], dynamic: bool | Sequence[Range | None] = False
) -> list[torch.Tensor]:
    """Builds, and runs on `inputs`."""
    plan, log = build_engine(build, inputs, dynamic)
    assert plan is not None, f"the build failed:\n{log}"
    return run_engine(plan, inputs)


def check(
    build: Build,
    inputs: Sequence[torch.Tensor],
    reference: Callable[..., Any],
    *,
    dynamic: bool | Sequence[Range | None] = False,
    dtypes: Sequence[torch.dtype] | None = None,
) -> None:
    """Outputs equal `reference`, which sees floating inputs in float64, rounded once.

    `dtypes` are those of the outputs; by default that of the first input.
    """
    actual = run(build, inputs, dynamic)
    exact = [x.double() if x.is_floating_point() else x for x in inputs]
    expected = reference(*exact)
    expected = list(expected) if isinstance(expected, (list, tuple)) else [expected]
    assert len(actual) == len(expected)
    wanted_types = dtypes or [inputs[0].dtype] * len(expected)
    for i, (y, wanted, dtype) in enumerate(zip(actual, expected, wanted_types, strict=True)):
        assert y.dtype == dtype
        _compare(y, wanted, lambda i=i: _eager(reference, inputs)[i])


def _compare(y: torch.Tensor, wanted: torch.Tensor, eager: Callable[[], torch.Tensor]) -> None:
    """On the CPU a half result is the float64 one rounded once;
    CUDA's own kernels round more often, and so do ours."""
    rounded = wanted.to(y.dtype)
    try:
        torch.testing.assert_close(y, rounded, equal_nan=True, **tolerances(y.dtype))
    except AssertionError:
        if device().type == "cpu" or y.dtype not in (torch.float16, torch.bfloat16):
            raise
        assert_as_good_as_eager(y, eager(), wanted)


class _InType(TorchFunctionMode):
    """Whatever a reference holds in float64 (weights,
    constants) takes part in `dtype` on the engine's device."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        moved = torch.utils._pytree.tree_map_only(torch.Tensor, self._moved, (args, kwargs or {}))
        return func(*moved[0], **moved[1])

    def _moved(self, x: torch.Tensor) -> torch.Tensor:
        with torch._C.DisableTorchFunctionSubclass():
            return x.to(device(), self.dtype if x.dtype is torch.float64 else x.dtype)


def _eager(reference: Callable[..., Any], inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The reference in the inputs' own types on the engine's device."""
    with _InType(inputs[0].dtype):
        results = reference(*(x.to(device()) for x in inputs))
    return [r.cpu() for r in (results if isinstance(results, (list, tuple)) else [results])]


def build_error(
    build: Build, inputs: Sequence[torch.Tensor], dynamic: bool | Sequence[Range | None] = False
) -> str:
    """What the log says about a network that must not build."""
    plan, log = build_engine(build, inputs, dynamic)
    assert plan is None, "the build should have failed"
    return log
