"""All tests: one thread per worker where several workers share the machine;
gpu and nvinfer marks skip with a reason."""

import os
from collections.abc import Iterator

if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest  # noqa: E402
import torch  # noqa: E402
from hypothesis import settings  # noqa: E402

# A run that gates a change has to give the same answer twice; `make fuzz` looks further.
settings.register_profile("repeatable", derandomize=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what this machine cannot run."""
    if not any(item.get_closest_marker("gpu") or item.get_closest_marker("nvinfer") for item in items):
        return
    import torch_tensorrt

    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))
        if item.get_closest_marker("nvinfer") and torch_tensorrt.provider().name != "nvidia":
            item.add_marker(pytest.mark.skip(reason="needs NVIDIA's libnvinfer"))


@pytest.fixture
def nothing_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages that are given once a process are given in this test."""
    from torch_tensorrt.dynamo import _settings

    monkeypatch.setattr(_settings, "_said", set())


@pytest.fixture
def fresh_dynamo() -> Iterator[None]:
    """torch.compile knows nothing, and forgets what this test taught it."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()
