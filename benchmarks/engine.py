"""Whole models: eager, eager + CUDA graph, torch.compile and ours, side by side in one process.

    python benchmarks/engine.py --models resnet50,minilm-128 --batches 1 --dtypes float32 --baselines eager,compile

Rounds are interleaved and medians shown, with each candidate's speed relative to eager (above 1: faster). Weights are
random, nothing is downloaded. `--seconds` bounds the measuring of one row; making and compiling come on top. Every row
checks our result against eager's first, in float32 where eager computes in less.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
import warnings
from collections.abc import Callable
from contextlib import suppress

import torch
import torch_tensorrt
from _measure import synchronize
from _models import MODELS, make, sample

Call = Callable[[], object]
BASELINES = ["eager", "graph", "compile", "reduce-overhead"]


def peak_reset() -> None:
    """Forgets the process's peak of resident memory, where the system lets us."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def memory(field: str) -> float:
    """VmHWM (peak) or VmRSS (present) of this process in MiB."""
    with suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return float("nan")


def graphed(model: torch.nn.Module, x: torch.Tensor) -> Call:
    """Eager PyTorch recorded into a CUDA graph, replayed over the same input."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            model(x)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        model(x)
    return graph.replay


def compiled(model: torch.nn.Module, x: torch.Tensor, mode: str) -> Call:
    torch._dynamo.reset()
    fast = torch.compile(model, mode=mode, dynamic=False)
    for _ in range(3):
        fast(x)
    return lambda: fast(x)


def ours(model: torch.nn.Module, x: torch.Tensor) -> tuple[Call, dict[str, float]]:
    """The compiled module as a call, and what making it took."""
    gc.collect()
    peak_reset()
    before, start = memory("VmRSS"), time.perf_counter()
    with torch.inference_mode(False), torch.no_grad():
        module = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], min_block_size=1, require_full_compilation=True)
    cost = {"compile s": time.perf_counter() - start, "MiB": memory("VmHWM") - before}
    cost["build s"] = sum(engine.seconds["build"] for engine in module.report.engines)
    return (lambda: module(x)), cost


def candidates(wanted: list[str], model: torch.nn.Module, x: torch.Tensor) -> tuple[dict[str, Call], dict[str, float]]:
    call, cost = ours(model, x)
    calls: dict[str, Call] = {"eager": lambda: model(x)}
    if "graph" in wanted and x.is_cuda:
        calls["graph"] = graphed(model, x)
    if "compile" in wanted:
        calls["compile"] = compiled(model, x, "default")
    if "reduce-overhead" in wanted and x.is_cuda:
        calls["reduce-overhead"] = compiled(model, x, "reduce-overhead")
    return {**calls, "ours": call}, cost


def error_of(call: Call, model: torch.nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """Relative distance of our result, and of eager's, from the model in float32."""
    for _ in range(4):  # recorded and replayed runs count too
        mine = call()
    theirs = model(x)
    dtype = theirs.dtype
    if dtype != torch.float32:
        model.float()
        exact = model(x.float() if x.is_floating_point() else x)
        model.to(dtype)
    else:
        exact = theirs
    norm = exact.float().norm()
    return ((mine.float() - exact).norm() / norm).item(), ((theirs.float() - exact).norm() / norm).item()


def once(call: Call, repeats: int) -> float:
    synchronize()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    synchronize()
    return (time.perf_counter() - start) / repeats


def measure(calls: dict[str, Call], seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of interleaved rounds within about `seconds`, and of each round's ratio to eager."""
    rough = {name: min(once(call, 1) for _ in range(3)) for name, call in calls.items()}
    repeats = {name: max(1, int(0.02 / time)) for name, time in rough.items()}
    rounds = int(seconds / sum(rough[name] * repeats[name] for name in calls))
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(min(max(rounds, 3), 60)):
        for name, call in calls.items():
            samples[name].append(once(call, repeats[name]))
    medians = {name: statistics.median(times) for name, times in samples.items()}
    ratios = {name: statistics.median(e / t for e, t in zip(samples["eager"], times, strict=True)) for name, times in samples.items()}
    return medians, ratios


def row(name: str, batch: int, dtype: torch.dtype, options: argparse.Namespace) -> None:
    device = torch.device(torch_tensorrt.provider().device)
    model, x = make(name, device, dtype), sample(name, batch, device, dtype)
    calls, cost = candidates(options.baselines, model, x)
    mine, theirs = error_of(calls["ours"], model, x)
    medians, ratios = measure(calls, options.seconds)
    label = f"{name} {str(dtype).removeprefix('torch.')} batch {batch}"
    cells = "  ".join(f"{c} {medians[c] * 1e3:.3f} ms ({ratios[c]:.2f}x)" for c in calls)
    print(f"{label:<34} {cells}", flush=True)
    print(f"{'':<34} error {mine:.1e} (eager {theirs:.1e}); "
          + ", ".join(f"{key} {value:.1f}" for key, value in cost.items()), flush=True)


def parse() -> argparse.Namespace:
    cuda = torch_tensorrt.provider().device.startswith("cuda")
    names = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=names, default=list(MODELS))
    parser.add_argument("--batches", type=names, default=["1", "32"] if cuda else ["1"])
    parser.add_argument("--dtypes", type=names, default=["float16", "bfloat16"] if cuda else ["float32"])
    parser.add_argument("--baselines", type=names, default=BASELINES, help=f"any of {','.join(BASELINES)}")
    parser.add_argument("--seconds", type=float, default=10, help="of measuring, per row")
    options = parser.parse_args()
    unknown = (set(options.models) - set(MODELS)) | (set(options.baselines) - set(BASELINES))
    if unknown:
        parser.error(f"unknown: {sorted(unknown)}; models are {list(MODELS)}, baselines {BASELINES}")
    return options


def main() -> None:
    warnings.simplefilter("ignore")
    options = parse()
    print(f"{torch_tensorrt.provider()}, torch {torch.__version__}, {torch.get_num_threads()} threads, "
          f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    for name in options.models:
        for dtype in options.dtypes:
            for batch in options.batches:
                torch._dynamo.reset()
                gc.collect()
                try:
                    with torch.inference_mode():
                        row(name, int(batch), getattr(torch, dtype), options)
                except Exception as error:  # one row that fails must not take the others with it
                    print(f"{name} {dtype} batch {batch}: failed: {type(error).__name__}: {str(error)[:600]}", flush=True)


if __name__ == "__main__":
    main()
