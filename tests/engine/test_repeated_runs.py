"""Runs at the same addresses with other values: plain, replayed, captured by the caller, without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from tests.engine._case import device
from tests.engine._networks import NETWORKS, READING, Running

EVERY = {**NETWORKS, **READING}
on_cuda = pytest.mark.skipif(device().type != "cuda", reason="a CUDA device is needed")
PLAIN_AND_REPLAYED = 6


@contextmanager
def no_waiting() -> Iterator[None]:
    """Whatever waits for the device, as far as torch knows of it, raises."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", EVERY)
def test_values_are_read_anew(name: str) -> None:
    """The first runs are plain on CUDA, later ones are graphs; conditions change from run to run."""
    running = Running(EVERY[name])
    for seed in range(PLAIN_AND_REPLAYED):
        values = running.network.fresh(seed)
        running.put(values)
        running.spoil()
        running.enqueue()
        running.check(values)


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize("graphs", [True, False], ids=["graphs", "plain"])
@pytest.mark.parametrize("name", NETWORKS)
def test_only_the_first_run_waits(name: str, graphs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHTRT_EMBEDDED_CUDA_GRAPHS", "1" if graphs else "0")
    running = Running(NETWORKS[name])
    running.enqueue()
    values = running.network.fresh(9)
    on_device = [value.to(device()) for value in values]
    running.spoil()
    with no_waiting():
        running.put(on_device)
        for _ in range(PLAIN_AND_REPLAYED):
            running.enqueue()
    running.check(values)


@pytest.mark.gpu
@on_cuda
def test_waiting_would_be_noticed() -> None:
    x = torch.ones(1, device="cuda")
    with no_waiting(), pytest.raises(RuntimeError, match="synchroniz"):
        x.item()


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize("before", [1, PLAIN_AND_REPLAYED], ids=["once", "replayed"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_capture_of_the_caller_follows_its_inputs(name: str, before: int) -> None:
    """`before` runs, so that the capture meets a context with or without graphs of its own."""
    running = Running(NETWORKS[name])
    for _ in range(before):
        running.enqueue()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        running.enqueue()
    for seed in (3, 4):
        values = running.network.fresh(seed)
        running.put(values)
        running.spoil()
        graph.replay()
        running.check(values)
    running.spoil()
    running.enqueue()  # and outside as before
    running.check(values)


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize("name", READING)
def test_what_reads_back_cannot_be_captured(name: str) -> None:
    """It is told as an error, and the context runs again afterwards."""
    running = Running(READING[name])
    running.enqueue()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with pytest.raises((AssertionError, RuntimeError)), torch.cuda.graph(graph):
        running.enqueue()
    assert running.logger.errors()
    torch.cuda.synchronize()
    values = running.network.fresh(5)
    running.put(values)
    running.enqueue()
    running.check(values)
