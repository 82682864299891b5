"""Engine tests speak to the embedded engine through NVIDIA's bindings, whatever the machine has installed."""

import os

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import pytest
import torch_tensorrt  # noqa: F401  (loads the engine's libraries, then `import tensorrt` works)


@pytest.fixture
def random_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are not alike: one is enough."""
    from tests.engine import _case

    monkeypatch.setattr(_case, "RUNS", 1)
