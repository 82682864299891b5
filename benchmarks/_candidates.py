"""What `engine.py` compares: eager, eager + CUDA graph, torch.compile and ours,
each as a call without arguments."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import torch
import torch_tensorrt

Call = Callable[[], object]
BASELINES = ["eager", "graph", "compile", "reduce-overhead"]


@dataclass
class Candidates:
    """Calls by name, why others are missing, and what making ours took."""

    calls: dict[str, Call] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    compile_s: float = float("nan")
    build_s: float = float("nan")
    peak_mib: float = float("nan")


def peak_reset() -> None:
    """Forgets the process's peak of resident memory, where the system lets us."""
    with suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def memory(name: str) -> float:
    """VmHWM (peak) or VmRSS (present) of this process in MiB."""
    with suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
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
    fast = torch.compile(model, mode=mode, dynamic=False)
    for _ in range(3 if x.is_cuda else 1):
        fast(x)
    return lambda: fast(x)


def ours(model: torch.nn.Module, x: torch.Tensor, into: Candidates) -> Call:
    gc.collect()
    peak_reset()
    before, start = memory("VmRSS"), time.perf_counter()
    with torch.inference_mode(False), torch.no_grad():
        module = torch_tensorrt.compile(
            model, ir="dynamo", inputs=[x], min_block_size=1, require_full_compilation=True
        )
    into.compile_s, into.peak_mib = time.perf_counter() - start, memory("VmHWM") - before
    into.build_s = sum(engine.seconds["build"] for engine in module.report.engines)
    return lambda: module(x)


def candidates(wanted: list[str], model: torch.nn.Module, x: torch.Tensor) -> Candidates:
    """A baseline that cannot be made is missing, with its reason; ours has to be."""
    found = Candidates()
    mine = ours(model, x, found)
    makers: dict[str, Callable[[], Call]] = {"eager": lambda: lambda: model(x)}
    if x.is_cuda:
        makers["graph"] = lambda: graphed(model, x)
    makers["compile"] = lambda: compiled(model, x, "default")
    if x.is_cuda:
        makers["reduce-overhead"] = lambda: compiled(model, x, "reduce-overhead")
    for name, make in makers.items():
        if name not in wanted and name != "eager":
            continue
        try:
            found.calls[name] = make()
        except Exception as error:  # the row goes on without it
            found.missing[name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
    found.calls["ours"] = mine
    return found


def forget() -> None:
    """Whatever torch.compile and CUDA graphs of one row keep: nothing of it may slow the next."""
    torch._dynamo.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
