"""Where generated kernels end: odd lengths, addresses of any alignment, nothing at all, and more than indices
of 32 bits reach. Bytes around tensors stay as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, device, sample
from tests.engine.test_changing_runs import OP, Engine, Memory, gated, whole
from tests.util.tolerance import tolerances

LENGTHS = [1, 2, 3, 7, 8, 9, 255, 257, 1023, 1024, 4099]
OFFSETS = [0, 1, 2, 3, 5, 8]


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted.to(found.dtype), **tolerances(found.dtype), equal_nan=True)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32, torch.int64])
def test_chains_at_any_address(dtype: torch.dtype, length: int) -> None:
    x, y = whole((length,), -3, 4).to(dtype), whole((length,), -3, 4, seed=1).to(dtype)
    engine = Engine(gated, [x, y])
    for offset in OFFSETS:
        assert torch.equal(engine.run([x, y], offset)[0], x.relu() * y + y)


@pytest.mark.parametrize("length", LENGTHS)
def test_chains_of_booleans_at_any_address(length: int) -> None:
    def build(n: Any, x: Any, y: Any) -> Any:
        z = n.add_elementwise(x, y, OP.XOR).get_output(0)
        return n.add_elementwise(n.add_unary(z, trt.UnaryOperation.NOT).get_output(0), x, OP.AND).get_output(
            0
        )

    x, y = (sample((length,), torch.bool, seed=i) for i in (0, 1))
    engine = Engine(build, [x, y])
    for offset in OFFSETS:
        assert torch.equal(engine.run([x, y], offset)[0], ~(x ^ y) & x)


BROADCASTS = [((5, 1), (1, 9)), ((4, 8), (1, 8)), ((4, 8), (4, 1)), ((3, 1, 7), (1, 5, 7))]


@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_broadcasts_at_any_address(dtype: torch.dtype, shapes: Sequence[tuple[int, ...]]) -> None:
    x, y = (whole(shape, -3, 4, seed=i).to(dtype) for i, shape in enumerate(shapes))
    engine = Engine(gated, [x, y])
    for offset in OFFSETS:
        assert torch.equal(engine.run([x, y], offset)[0], x.relu() * y + y)


def normalized(length: int, dtype: torch.dtype) -> Callable[..., Any]:
    def build(n: Any, x: Any) -> Any:
        scale, bias = (n.constant(torch.full((1, length), value).to(dtype)) for value in (2.0, 0.5))
        return n.add_normalization(x, scale, bias, 1 << 1).get_output(0)

    return build


def normalized_exact(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.layer_norm(x.double(), x.shape[1:]) * 2 + 0.5


@pytest.mark.parametrize("length", [2, 3, 7, 8, 255, 1000, 1024, 4099, 16384, 16385, 40000])
@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_at_any_address(dtype: torch.dtype, length: int) -> None:
    """Beyond 16384 elements rows are too long for a kernel of ours."""
    x = sample((3, length), dtype)
    engine = Engine(normalized(length, dtype), [x])
    for offset in OFFSETS:
        close(engine.run([x], offset)[0], normalized_exact(x))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("length", [8, 4096])
def test_one_bad_number_spoils_its_row_only(length: int, bad: float) -> None:
    x = sample((5, length))
    x[2, length // 2] = bad
    found = Engine(normalized(length, torch.float32), [x]).run([x])[0]
    wanted = normalized_exact(x)
    assert bool(found[2].isnan().all()) and bool(wanted[2].isnan().all())
    close(found, wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int8, torch.int64, torch.bool])
@pytest.mark.parametrize("columns", [1, 3, 8, 33])
def test_lines_at_any_address(columns: int, dtype: torch.dtype) -> None:
    def build(n: Any, x: Any, index: Any) -> Any:
        return n.add_gather(x, index, 1).get_output(0)

    x = sample((2, 5, columns), dtype)
    index = torch.tensor([4, 0, -1, -5, 2, 2, 1], dtype=torch.int64)
    engine = Engine(build, [x, index])
    for offset in OFFSETS:
        assert torch.equal(engine.run([x, index], offset)[0], x[:, index])


@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("kind", ["chain", "rows", "lines"])
def test_lengths_that_become_nothing(kind: str, rows: int) -> None:
    """One engine for all lengths, run with nothing first, in between or last."""
    x = whole((rows, 8), -3, 4)
    spans: Any = [((0, 8), (4, 8), (8, 8))]
    if kind == "rows":
        engine, reference = Engine(normalized(8, torch.float16), [x], spans), lambda x: normalized_exact(x)
    elif kind == "chain":
        engine, reference = Engine(lambda n, x: gated(n, x, x), [x], spans), lambda x: x.relu() * x + x
    else:
        index = torch.tensor([1, 0], dtype=torch.int32)
        build = lambda n, x: n.add_gather(x, n.constant(index), 1).get_output(0)  # noqa: E731
        engine, reference = Engine(build, [x], spans), lambda x: x[:, [1, 0]]
    for count in (rows, 0, 3, 0, rows, 0):
        now = whole((count, 8), -3, 4, seed=count)
        close(engine.run([now])[0], reference(now))


# ---- beyond 32 bits

on_cuda = pytest.mark.skipif(device().type != "cuda", reason="a CUDA device is needed")
GIB = 1 << 30


@pytest.fixture
def room() -> Any:
    free = torch.cuda.mem_get_info()[0] if device().type == "cuda" else 0
    if free < 40 * GIB:
        pytest.skip(f"40 GiB of device memory are needed, {free / GIB:.0f} are free")
    yield
    torch.cuda.empty_cache()


def run_on_device(build: Callable[..., Any], inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """The only output, where it is; twice, the second time by kernels that are there."""
    shapes = [torch.empty(x.shape, dtype=x.dtype, device="meta") for x in inputs]
    engine = Engine(build, shapes)
    context = engine.context
    for i, x in enumerate(inputs):
        assert context.set_tensor_address(f"x{i}", x.data_ptr())
    made = Memory(tuple(context.get_tensor_shape("y0")), inputs[0].dtype)
    assert context.set_tensor_address("y0", made.address)
    for _ in range(2):
        made.tensor.zero_()
        engine.enqueue()
    made.check_around()
    return made.tensor


@pytest.mark.gpu
@on_cuda
@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("count", [GIB - 1, GIB, 2 * GIB - 1, 2 * GIB + 17, 4 * GIB + 3], ids=str)
def test_long_chains(count: int) -> None:
    def build(n: Any, x: Any, y: Any) -> Any:
        z = n.add_elementwise(x, y, OP.XOR).get_output(0)
        return n.add_unary(z, trt.UnaryOperation.NOT).get_output(0)

    x, y = (torch.rand(1 << 20, device="cuda") < 0.5 for _ in range(2))
    x, y = (t.repeat(-(-count // t.numel()))[:count].contiguous() for t in (x, y))
    assert torch.equal(run_on_device(build, [x, y]), ~(x ^ y))


@pytest.mark.gpu
@on_cuda
@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("rows", [1, 3])
def test_long_broadcasts(rows: int) -> None:
    """y = relu(x) * s + s, a row's number each: the result is longer than 32 bits count."""
    columns = (2 * GIB + 24) // rows // 8 * 8
    x = torch.randint(-3, 4, (1, 1 << 20), device="cuda").half()
    x = x.repeat(1, -(-columns // x.numel()))[:, :columns].contiguous()
    s = torch.arange(1, rows + 1, device="cuda").half().view(rows, 1)
    found = run_on_device(gated, [x, s])
    for row in range(rows):
        assert torch.equal(found[row], x[0].relu() * s[row] + s[row])


@pytest.mark.gpu
@on_cuda
@pytest.mark.usefixtures("room")
def test_many_rows() -> None:
    """Normalizations of more than 2^31 elements, and more rows than a grid has along y and z."""
    length = 1024
    count = 2 * GIB // length + 77
    x = sample((997, length), torch.float16).cuda()
    wanted = normalized_exact(x).half()
    x = x.repeat(-(-count // 997), 1)[:count].contiguous()
    found = run_on_device(normalized(length, torch.float16), [x])
    for start in (0, count // 2 // 997 * 997, (count - 997) // 997 * 997):
        close(found[start : start + 997].cpu(), wanted.cpu())


@pytest.mark.gpu
@on_cuda
@pytest.mark.usefixtures("room")
def test_many_lines() -> None:
    """A gather that reads and writes beyond 2^31 units."""
    rows, width = 5, (2 * GIB + 3 * 4096) // 4

    def build(n: Any, x: Any, index: Any) -> Any:
        return n.add_gather(x, index, 0).get_output(0)

    width |= 1  # lines that only single bytes are multiples of
    x = torch.arange(rows, dtype=torch.int8, device="cuda").view(rows, 1).repeat(1, width)
    x[:, -1] += 50
    index = torch.tensor([4, 0, -1, 3, 1], device="cuda")
    found = run_on_device(build, [x, index])
    assert torch.equal(found, x[index])


# ---- a machine without the run-time compiler


SHIM = "int nvrtcCreateProgram(void) { return 1; }"


def run_without_compiler() -> None:
    """In a process of its own: chains, rows, lines, replayed as graphs, too."""
    x, y = whole((6, 40), -3, 4), whole((6, 40), -3, 4, seed=1)
    engine = Engine(gated, [x, y])
    given, made = engine.bind([x, y])
    for _ in range(6):
        made[0].tensor.zero_()
        engine.enqueue()
        assert torch.equal(made[0].tensor.cpu(), x.relu() * y + y)
    close(Engine(normalized(40, torch.float16), [x]).run([x])[0], normalized_exact(x))
    index = torch.tensor([1, 0], dtype=torch.int32)
    build = lambda n, x: n.add_gather(x, n.constant(index), 1).get_output(0)  # noqa: E731
    assert torch.equal(Engine(build, [x]).run([x])[0], x[:, [1, 0]])
    assert not engine.logger.warnings(), engine.logger.warnings()


@pytest.mark.gpu
@on_cuda
def test_without_the_compiler_layers_run_by_their_parts(tmp_path: Path) -> None:
    """Results are the same, and a line says why it is slower."""
    library = tmp_path / "shim.so"
    (tmp_path / "shim.c").write_text(SHIM)
    try:
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, tmp_path / "shim.c"], check=True)
    except FileNotFoundError:
        pytest.skip("needs gcc")
    code = "from tests.engine import conftest, test_kernel_edges; test_kernel_edges.run_without_compiler()"
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": os.pathsep.join([".", *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layers run unfused" in done.stdout + done.stderr
