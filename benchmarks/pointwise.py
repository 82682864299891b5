"""A chain of elementwise layers: eager PyTorch, an engine that runs them one by one, one that has one layer.

    python benchmarks/pointwise.py [--sizes 256 65536 1048576 4194304] [--dtype float32]

Prints microseconds of x * sigmoid(x) * y + z (the best of interleaved rounds), by the number of elements.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
import torch_tensorrt

import tensorrt as trt  # isort: skip  (torch_tensorrt says whose it is)

ROUNDS = 15
OP = trt.ElementWiseOperation


def plan_of(size: int, dtype: str, level: int) -> bytes:
    """The chain, built at an optimization level: 0 keeps its layers."""
    builder = trt.Builder(torch_tensorrt.logging.TRT_LOGGER)
    n = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    x, y, z = (n.add_input(name, getattr(trt, dtype), (size,)) for name in "xyz")
    gate = n.add_activation(x, trt.ActivationType.SIGMOID).get_output(0)
    product = n.add_elementwise(x, gate, OP.PROD).get_output(0)
    scaled = n.add_elementwise(product, y, OP.PROD).get_output(0)
    result = n.add_elementwise(scaled, z, OP.SUM).get_output(0)
    result.name = "result"
    n.mark_output(result)
    config = builder.create_builder_config()
    config.builder_optimization_level = level
    return bytes(builder.build_serialized_network(n, config))


def engine_call(plan: bytes, tensors: dict[str, torch.Tensor]) -> Callable[[], object]:
    engine = trt.Runtime(torch_tensorrt.logging.TRT_LOGGER).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    for name, tensor in tensors.items():
        context.set_tensor_address(name, tensor.data_ptr())
    cuda = next(iter(tensors.values())).is_cuda
    stream = torch.cuda.current_stream().cuda_stream if cuda else 0
    return lambda: (context.execute_async_v3(stream), engine, tensors)


def seconds(call: Callable[[], object], repeats: int, cuda: bool) -> float:
    begun = time.perf_counter()
    for _ in range(repeats):
        call()
    if cuda:
        torch.cuda.synchronize()
    return (time.perf_counter() - begun) / repeats


def measure(size: int, dtype: str) -> list[float]:
    """Microseconds: eager, by parts, as one layer."""
    device = torch.device(torch_tensorrt.provider().device)
    cuda = device.type == "cuda"
    x, y, z = (torch.randn(size, dtype=getattr(torch, dtype), device=device) for _ in range(3))
    calls: list[Callable[[], object]] = [lambda: x * x.sigmoid() * y + z]
    for level in (0, 3):
        tensors = {"x": x, "y": y, "z": z, "result": torch.empty_like(x)}
        calls.append(engine_call(plan_of(size, dtype, level), tensors))
    best = [float("inf")] * len(calls)
    repeats = max(3, min(200, (1 << 22) // size))
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            best[i] = min(best[i], seconds(call, repeats, cuda))
    return [1e6 * b for b in best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 65536, 1 << 20, 1 << 22])
    parser.add_argument("--dtype", default="float32")
    options = parser.parse_args()
    print(f"{torch_tensorrt.provider()}\n")
    print(f"{'elements':>10}{'eager':>10}{'parts':>10}{'one layer':>11}{'ratio':>7}")
    for size in options.sizes:
        eager, parts, fused = measure(size, options.dtype)
        print(f"{size:>10}{eager:>10.1f}{parts:>10.1f}{fused:>11.1f}{fused / parts:>7.2f}")


if __name__ == "__main__":
    main()
