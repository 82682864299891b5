"""Recordings of a callable: on the inputs' device, and of values that the host read while they were made."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch_tensorrt
from torch_tensorrt.dynamo.runtime._graph_recorder import GraphRecorder

COUNT = torch.cuda.device_count() if torch_tensorrt.provider().device == "cuda" else 0
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(COUNT == 0, reason="CUDA graphs need a CUDA device")]


class Counted:
    """x * scale, and how often Python computed it."""

    def __init__(self) -> None:
        self.calls = 0
        self.run = GraphRecorder(self)

    def __call__(self, inputs: Any) -> torch.Tensor:
        self.calls += 1
        x, scale = inputs
        return x * scale


@pytest.mark.parametrize("index", range(max(COUNT, 1)))
def test_replays_on_any_device(index: int) -> None:
    torch.cuda.set_device(0)
    counted, scale, calls = Counted(), torch.full((1,), 3.0, device=f"cuda:{index}"), []
    for i in range(4):
        x = torch.full((5,), float(i), device=f"cuda:{index}")
        y = counted.run([x, scale])
        assert y.device == x.device and bool((y == 3 * i).all())
        calls.append(counted.calls)
    assert len(set(calls)) == 1 and torch.cuda.current_device() == 0


def test_values_of_the_host_are_recorded_anew() -> None:
    counted, x, calls = Counted(), torch.ones(5, device="cuda"), [0]
    for value in (2.0, 2.0, 3.0, 3.0, 2.0):
        assert bool((counted.run([x, torch.tensor(value)]) == value).all())
        calls.append(counted.calls)
    recorded = [now > before for before, now in zip(calls, calls[1:], strict=False)]
    assert recorded == [True, False, True, False, True]
