"""Plugins whose kernel is compiled ahead of time, on CUDA: streams, captures, plans without the plugin."""

# The decorators know List and Tuple of typing alone, and want annotations that are types.
# ruff: noqa: UP006, UP035

import subprocess
import sys
from pathlib import Path
from typing import Tuple

import pytest
import tensorrt as trt
import torch

trtp = pytest.importorskip("tensorrt.plugin", reason="bindings without tensorrt.plugin")

from tests.engine._case import device, sample  # noqa: E402
from tests.engine._nvrtc import ptx_of  # noqa: E402
from tests.engine._session import Session  # noqa: E402

if not hasattr(trtp, "aot_impl"):
    pytest.skip("bindings without AOT implementations", allow_module_level=True)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(device().type != "cuda", reason="kernels made ahead of time are for CUDA"),
]

SOURCE = """
extern "C" __global__ void twice_and_one(const float* x, int count, float* y) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) y[i] = 2 * x[i] + 1;
}
"""
COMPILED: list = []


def _describe(x: trtp.TensorDesc) -> trtp.TensorDesc:
    return x.like()


def _compile(
    x: trtp.TensorDesc, outputs: Tuple[trtp.TensorDesc], tactic: int
) -> Tuple[str, str, trtp.KernelLaunchParams, trtp.SymExprs]:
    COMPILED.append(tactic)
    count = x.shape_expr.numel()
    launch = trtp.KernelLaunchParams()
    launch.grid_x, launch.block_x = trtp.cdiv(count, 128), 128
    extra = trtp.SymIntExprs(1)
    extra[0] = trtp.SymInt32(count)
    return "twice_and_one", ptx_of(SOURCE), launch, extra


def plugin(x: trt.ITensor) -> object:
    """2 * x + 1"""
    if not hasattr(trtp.op, "aot_tests"):
        trtp.register("aot_tests::twice_and_one")(_describe)
        trtp.aot_impl("aot_tests::twice_and_one")(_compile)
    return trtp.op.aot_tests.twice_and_one(x)


def plan() -> bytes:
    """x [-1, 8] -> plugin -> relu -> plugin -> y"""
    session = Session()
    network = session.network
    x = session.input("x", (-1, 8))
    first = network.add_plugin(plugin(x), aot=True)
    relu = network.add_activation(first.get_output(0), trt.ActivationType.RELU)
    second = network.add_plugin(plugin(relu.get_output(0)), aot=True)
    second.get_output(0).name = "y"
    network.mark_output(second.get_output(0))
    session.profile(x=((1, 8), (4, 8), (512, 8)))
    built = session.plan()
    assert built is not None, session.logger.errors()
    return bytes(built)


def expected(x: torch.Tensor) -> torch.Tensor:
    return 2 * (2 * x + 1).relu() + 1


class Running:
    """A context over its own memory."""

    def __init__(self, rows: int = 4) -> None:
        self.engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(plan())
        self.context = self.engine.create_execution_context()
        self.x, self.y = torch.zeros(rows, 8, device="cuda"), torch.zeros(rows, 8, device="cuda")
        assert self.context.set_input_shape("x", (rows, 8))
        self.context.set_tensor_address("x", self.x.data_ptr())
        self.context.set_tensor_address("y", self.y.data_ptr())

    def enqueue(self) -> None:
        assert self.context.execute_async_v3(torch.cuda.current_stream().cuda_stream)


def test_runs_on_the_stream_of_the_caller() -> None:
    """What the stream still has to do comes first: the kernel sees values that are written behind a delay."""
    running = Running(300)
    running.enqueue()  # loads the kernel
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    for seed in range(4):
        x = sample((300, 8), seed=seed).cuda()
        torch.cuda.synchronize()
        with torch.cuda.stream(stream):
            torch.cuda._sleep(200_000_000)
            running.x.copy_(x)
            running.enqueue()
            found = running.y.clone()
        assert not stream.query()
        stream.synchronize()
        assert torch.equal(found, expected(x))


def test_waits_for_nothing_and_can_be_captured() -> None:
    running = Running()
    running.enqueue()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        running.enqueue()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        running.enqueue()
    for seed in range(3):
        running.x.copy_(sample((4, 8), seed=seed))
        running.y.zero_()
        graph.replay()
        assert torch.equal(running.y, expected(running.x))


def test_kernels_are_compiled_when_the_engine_is_built() -> None:
    COMPILED.clear()
    built = plan()
    compiled = len(COMPILED)
    assert compiled > 0
    context = trt.Runtime(trt.Logger()).deserialize_cuda_engine(built).create_execution_context()
    assert context is not None and len(COMPILED) == compiled


CHILD = """
import sys, torch, torch_tensorrt, tensorrt as trt
engine = trt.Runtime(trt.Logger()).deserialize_cuda_engine(open(sys.argv[1], "rb").read())
context = engine.create_execution_context()
x = torch.arange(-8, 8, device="cuda").float().view(2, 8)
y = torch.zeros_like(x)
context.set_input_shape("x", (2, 8))
context.set_tensor_address("x", x.data_ptr())
context.set_tensor_address("y", y.data_ptr())
assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream)
torch.cuda.synchronize()
assert torch.equal(y, 2 * (2 * x + 1).relu() + 1), y
"""


def test_plans_run_in_a_process_that_knows_no_plugin(tmp_path: Path) -> None:
    file = tmp_path / "plan"
    file.write_bytes(plan())
    subprocess.run([sys.executable, "-c", CHILD, str(file)], check=True, timeout=300)
