"""Runs networks whose output shape only the run knows: the output comes through an allocator."""

from __future__ import annotations

from collections.abc import Sequence

import tensorrt as trt
import torch

from tests.engine._case import TORCH_OF, Build, Log, build_engine, device


class Allocator(trt.IOutputAllocator):
    """Memory for one output, and the shape it was told."""

    def __init__(self) -> None:
        trt.IOutputAllocator.__init__(self)
        self.memory = torch.empty(0, dtype=torch.uint8)
        self.shape: tuple[int, ...] | None = None

    def reallocate_output(self, name: str, memory: int, size: int, alignment: int) -> int:
        self.memory = torch.empty(max(size, 1), dtype=torch.uint8, device=device())
        return self.memory.data_ptr()

    def reallocate_output_async(self, name: str, memory: int, size: int, alignment: int, stream: int) -> int:
        return self.reallocate_output(name, memory, size, alignment)

    def notify_shape(self, name: str, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)

    def tensor(self, dtype: torch.dtype) -> torch.Tensor:
        assert self.shape is not None
        count = torch.Size(self.shape).numel()
        return self.memory[: count * dtype.itemsize].view(dtype).view(self.shape).cpu()


def run_late(build: Build, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    """The only output of a network of static inputs."""
    plan, built = build_engine(build, inputs)
    assert plan is not None, built
    log = Log()
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    here = [x.to(device()) for x in inputs]
    for i, x in enumerate(here):
        assert context.set_input_shape(f"x{i}", tuple(x.shape)), log.text
        assert context.set_tensor_address(f"x{i}", x.data_ptr()), log.text
    allocator = Allocator()
    assert context.set_output_allocator("y0", allocator)
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), log.text
    if device().type == "cuda":
        torch.cuda.synchronize()
    return allocator.tensor(TORCH_OF[engine.get_tensor_dtype("y0")])


def late_outputs(plan: bytes, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Outputs y0, y1, ... for inputs x0, x1, ...; each comes through an allocator."""
    log = Log()
    engine = trt.Runtime(log).deserialize_cuda_engine(plan)
    assert engine is not None, log.text
    context = engine.create_execution_context()
    here = []
    for i, x in enumerate(inputs):
        on_host = engine.get_tensor_location(f"x{i}") == trt.TensorLocation.HOST
        here.append(x.contiguous() if on_host else x.contiguous().to(device()))
        keep = here[-1] if here[-1].numel() else torch.empty(1, device=here[-1].device)
        here.append(keep)
        assert context.set_input_shape(f"x{i}", tuple(x.shape)), log.text
        assert context.set_tensor_address(f"x{i}", keep.data_ptr()), log.text
    names = [engine.get_tensor_name(i) for i in range(len(inputs), engine.num_io_tensors)]
    allocators = {name: Allocator() for name in names}
    for name, allocator in allocators.items():
        assert context.set_output_allocator(name, allocator)
    stream = torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0
    assert context.execute_async_v3(stream), log.text
    if device().type == "cuda":
        torch.cuda.synchronize()
    return [allocators[name].tensor(TORCH_OF[engine.get_tensor_dtype(name)]) for name in names]
