"""Side-by-side timing in one process: interleaved rounds, medians, ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch


def synchronize() -> None:
    """Waits for the GPU where there is one, so that a time covers the work and not only its launch."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(
    candidates: dict[str, Callable[[], object]],
    rounds: int = 15,
    warmup: int = 3,
    min_round_seconds: float = 0.02,
) -> dict[str, float]:
    """Median seconds per call of each candidate.

    Each round runs every candidate once after the other, so that a slow phase of the machine hits all of
    them. A candidate's share of a round repeats its call until `min_round_seconds` have passed.
    """
    repeats = {}
    for name, call in candidates.items():
        for _ in range(warmup):
            call()
        synchronize()
        start = time.perf_counter()
        call()
        synchronize()
        repeats[name] = max(1, int(min_round_seconds / max(time.perf_counter() - start, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, call in candidates.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            synchronize()
            samples[name].append((time.perf_counter() - start) / repeats[name])
    return {name: statistics.median(times) for name, times in samples.items()}


def print_table(
    title: str, rows: list[tuple[str, dict[str, float]]], base: str, unit: float = 1e3, unit_name: str = "ms"
) -> None:
    """One line per row: each candidate's time, and its speed relative to `base` (above 1:
    faster than base)."""
    names = list(rows[0][1])
    print(f"\n{title}  ({unit_name}; x: speed relative to {base})")
    width = max(len(label) for label, _ in rows)
    print(" " * width, *(f"{name:>22}" for name in names))
    for label, times in rows:
        cells = [f"{times[name] * unit:11.3f} {times[base] / times[name]:8.2f} x" for name in names]
        print(f"{label:<{width}}", *(f"{cell:>22}" for cell in cells))
