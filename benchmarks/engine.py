"""Whole models: eager, eager + CUDA graph, torch.compile and ours, side by side in one process.

    python benchmarks/engine.py --models resnet50 --batches 1 --dtypes float32 --baselines eager,compile

Prints a Markdown table, a row as soon as it is measured. Rounds are interleaved; times are medians in
milliseconds, and "x" is ours relative to others, by the median of the rounds' ratios (above 1: ours is
faster). `compile s` is all of torch_tensorrt.compile, `build s` the engine's part; `peak MiB` is host memory
above what the process had before. `error` is the relative distance of our result from the model in
float32, and eager's. Weights are random, nothing is downloaded. `--seconds` bounds the measuring of one row;
making and compiling come on top.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import time
import warnings

import torch
import torch_tensorrt
from _candidates import BASELINES, Call, Candidates, candidates, forget
from _measure import synchronize
from _models import MODELS, make, sample

Samples = dict[str, list[float]]
COST = ["compile s", "build s", "peak MiB", "error (eager's)"]


def error_of(call: Call, model: torch.nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """Relative distance of our result, and of eager's, from the model in float32."""
    for _ in range(4 if x.is_cuda else 1):  # recorded and replayed runs count too
        mine = call()
    theirs = model(x)
    exact = theirs
    if theirs.dtype != torch.float32:
        wide = copy.deepcopy(model).float()  # recorded graphs keep the addresses of this one's weights
        exact = wide(x.float() if x.is_floating_point() else x)
    norm = exact.float().norm()
    return ((mine.float() - exact).norm() / norm).item(), ((theirs.float() - exact).norm() / norm).item()


def once(call: Call, repeats: int) -> float:
    synchronize()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    synchronize()
    return (time.perf_counter() - start) / repeats


def measure(calls: dict[str, Call], seconds: float) -> Samples:
    """Seconds of interleaved rounds: as many as fit, at least 3, at most 60."""
    rough = {}
    for name, call in calls.items():
        rough[name] = once(call, 1)
        if rough[name] < 1:  # the first call may have more to do
            rough[name] = min(once(call, 1) for _ in range(3))
    repeats = {name: max(1, int(0.02 / time)) for name, time in rough.items()}
    rounds = int(seconds / sum(rough[name] * repeats[name] for name in calls))
    samples: Samples = {name: [] for name in calls}
    for _ in range(min(max(rounds, 3), 60)):
        for name, call in calls.items():
            samples[name].append(once(call, repeats[name]))
    return samples


def gain(samples: Samples, *others: str) -> str:
    """How much faster ours is than the best of others, as far as they were measured."""
    there = [name for name in others if name in samples]
    if not there:
        return "-"
    best = min(there, key=lambda name: statistics.median(samples[name]))
    ratio = statistics.median(a / b for a, b in zip(samples[best], samples["ours"], strict=True))
    return f"{ratio:.2f}x"


def columns(wanted: list[str], cuda: bool) -> list[str]:
    """Names of candidates; the CPU knows neither graphs nor what reduces their overhead."""
    names = ["eager"] + [n for n in BASELINES[1:] if n in wanted and (cuda or n == "compile")]
    return [*names, "ours"]


def ratios(names: list[str]) -> dict[str, list[str]]:
    """Headings, and the candidates that ours is compared with below them."""
    eager = [name for name in ("eager", "graph") if name in names]
    last = [name for name in ("compile", "reduce-overhead") if name in names][-1:]
    return {f"x {'/'.join(group)}": group for group in (eager, last) if group}


def line(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def header(names: list[str]) -> None:
    cells = ["model", "batch", "type", *names, *ratios(names), *COST]
    line(cells)
    line(["---"] * 3 + ["--:"] * (len(cells) - 3))


def row(name: str, batch: int, dtype: torch.dtype, options: argparse.Namespace) -> Candidates:
    device = torch.device(torch_tensorrt.provider().device)
    model, x = make(name, device, dtype), sample(name, batch, device, dtype)
    found = candidates(options.baselines, model, x)
    mine, theirs = error_of(found.calls["ours"], model, x)
    samples = measure(found.calls, options.seconds)
    names = columns(options.baselines, x.is_cuda)
    times = [f"{statistics.median(samples[n]) * 1e3:.3f}" if n in samples else "-" for n in names]
    gains = [gain(samples, *group) for group in ratios(names).values()]
    cost = [
        f"{found.compile_s:.1f}",
        f"{found.build_s:.1f}",
        f"{found.peak_mib:.0f}",
        f"{mine:.1e} ({theirs:.1e})",
    ]
    line([name, str(batch), str(dtype).removeprefix("torch."), *times, *gains, *cost])
    return found


def parse() -> argparse.Namespace:
    cuda = torch_tensorrt.provider().device.startswith("cuda")
    names = lambda text: text.split(",")  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=names, default=list(MODELS))
    parser.add_argument("--batches", type=names, default=["1", "32"])
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
    print(
        f"{torch_tensorrt.provider()}, torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}\n"
    )
    header(columns(options.baselines, torch_tensorrt.provider().device.startswith("cuda")))
    notes: list[str] = []
    for name in options.models:
        for dtype in options.dtypes:
            for batch in options.batches:
                label = f"{name}, batch {batch}, {dtype}"
                try:
                    with torch.inference_mode():
                        found = row(name, int(batch), getattr(torch, dtype), options)
                    notes += [f"{label}: no {which}: {why}" for which, why in found.missing.items()]
                    del found
                except Exception as error:  # one row that fails must not take the others with it
                    notes.append(f"{label}: failed: {type(error).__name__}: {str(error)[:600]}")
                forget()
    print("", *notes, sep="\n")


if __name__ == "__main__":
    main()
