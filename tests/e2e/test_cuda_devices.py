"""Models on a CUDA device that is not the present one: engines run there, and outputs are as eager's."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
import torch_tensorrt
from torch import nn

from tests.e2e.judge import assert_as_eager, engine_modules

COUNT = torch.cuda.device_count() if torch_tensorrt.provider().device == "cuda" else 0
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(COUNT < 2, reason="two CUDA devices are needed")]
OTHER = f"cuda:{COUNT - 1}"


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(16, 32), nn.LayerNorm(32), nn.Linear(32, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.nn.functional.gelu(self.norm(self.first(x)))) * 2 + 1


def on(device: str, dtype: torch.dtype = torch.float16) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    return Net().eval().to(device, dtype), torch.randn(6, 16).to(device, dtype)


@pytest.fixture(autouse=True)
def present_device_stays() -> Any:
    torch.cuda.set_device(0)
    yield
    assert torch.cuda.current_device() == 0


def check(compiled: Any, model: nn.Module, x: torch.Tensor) -> None:
    for _ in range(6):
        y = compiled(x)
        assert y.device == x.device
        del y
    assert_as_eager(compiled, model, x)


def test_a_device_that_is_named() -> None:
    model, x = on(OTHER)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=OTHER, min_block_size=1)
    assert engine_modules(compiled)
    check(compiled, model, x)


def test_the_present_device_is_the_default() -> None:
    with torch.cuda.device(OTHER):
        model, x = on(OTHER)
        compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], min_block_size=1)
        check(compiled, model, x)
    check(compiled, model, x)  # device 0 is present again


def test_streams_of_the_device() -> None:
    model, x = on(OTHER)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=OTHER, min_block_size=1)
    stream = torch.cuda.Stream(OTHER)
    stream.wait_stream(torch.cuda.current_stream(OTHER))
    with torch.cuda.stream(stream):
        check(compiled, model, x)


def test_saved_and_loaded(tmp_path: Any) -> None:
    model, x = on(OTHER)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=OTHER, min_block_size=1)
    torch_tensorrt.save(compiled, str(tmp_path / "model.ep"), inputs=[x])
    loaded = torch_tensorrt.load(str(tmp_path / "model.ep")).module()
    check(loaded, model, x)


def test_an_engine_for_each_device() -> None:
    """Each on a thread of its own, with any device present."""
    failures: list[BaseException] = []

    def work(index: int) -> None:
        try:
            model, x = models[index]
            for _ in range(20):
                check(compiled[index], model, x)
        except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
            failures.append(error)

    models = [on(f"cuda:{index}") for index in range(min(COUNT, 4))]
    compiled = [
        torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=x.device, min_block_size=1)
        for model, x in models
    ]
    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(models))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def test_graphs_of_the_application_on_the_device() -> None:
    model, x = on(OTHER)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=OTHER, min_block_size=1)
    with torch_tensorrt.runtime.enable_cudagraphs(compiled) as recorded:
        for factor in (1, 2, 3):
            assert_as_eager(recorded, model, x * factor)


def test_inputs_on_the_wrong_device_are_told() -> None:
    model, x = on(OTHER)
    compiled = torch_tensorrt.compile(model, ir="dynamo", inputs=[x], device=OTHER, min_block_size=1)
    with pytest.raises(torch_tensorrt._errors.InputError, match=OTHER):
        compiled(x.to("cuda:0"))
