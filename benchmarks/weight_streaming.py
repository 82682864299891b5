"""What streaming weights costs: a chain of products, its weights kept on the device or copied at every run.

Prints the time of a run with all weights kept, of the copies alone, and of runs under several budgets. Copies
that hide behind layers make a run as long as the longer of both, not as their sum.

    python benchmarks/weight_streaming.py [layers] [width] [rows]
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import torch
import torch_tensorrt  # loads the engine, then `tensorrt` works

# isort: split
import tensorrt as trt

LAYERS, WIDTH, ROWS = (int(n) for n in [*sys.argv[1:], "24", "4096", "8192"][:3])


def build(log: trt.ILogger) -> bytes:
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    config = builder.create_builder_config()
    config.set_flag(trt.BuilderFlag.WEIGHT_STREAMING)
    kept = [torch.randn(WIDTH, WIDTH).div_(WIDTH**0.5).half() for _ in range(LAYERS)]
    y = network.add_input("x", trt.float16, (ROWS, WIDTH))
    none = trt.MatrixOperation.NONE
    for matrix in kept:
        weights = trt.Weights(trt.float16, matrix.data_ptr(), matrix.numel())
        constant = network.add_constant((WIDTH, WIDTH), weights).get_output(0)
        y = network.add_matrix_multiply(y, none, constant, none).get_output(0)
        y = network.add_activation(y, trt.ActivationType.RELU).get_output(0)
    y.name = "y"
    network.mark_output(y)
    return bytes(builder.build_serialized_network(network, config))


def milliseconds(run, repeats: int = 10) -> float:
    """The least of several runs."""
    times = []
    for _ in range(repeats):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end))
    return min(times)


def main() -> None:
    if torch_tensorrt.provider().device != "cuda":
        print("weights are streamed to a CUDA device, and there is none")
        return
    log = trt.Logger(trt.Logger.ERROR)
    plan = build(log)
    x = torch.randn(ROWS, WIDTH, device="cuda", dtype=torch.float16)
    y = torch.empty_like(x)
    host = torch.empty(WIDTH, WIDTH, dtype=torch.float16, pin_memory=True)
    there = torch.empty_like(host, device="cuda")
    stream = torch.cuda.current_stream().cuda_stream
    copies = milliseconds(lambda: [there.copy_(host, non_blocking=True) for _ in range(LAYERS)])
    print(f"{LAYERS} x {WIDTH} x {WIDTH} float16, {ROWS} rows; copies alone {copies:.2f} ms")
    for part in (1.0, 0.75, 0.5, 0.0):
        engine = trt.Runtime(log).deserialize_cuda_engine(plan)
        engine.weight_streaming_budget_v2 = int(part * engine.streamable_weights_size)
        before = torch.cuda.memory_allocated()
        context = engine.create_execution_context()
        context.set_tensor_address("x", x.data_ptr())
        context.set_tensor_address("y", y.data_ptr())
        time = milliseconds(lambda c=context: c.execute_async_v3(stream))
        taken = (torch.cuda.memory_allocated() - before) >> 20
        print(f"{part:4.0%} kept: {time:7.2f} ms, {taken} MiB on the device")
        del context, engine


if __name__ == "__main__":
    main()
