"""What tests of whole models share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def detailed_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines tell everything about their layers."""
    import tensorrt as trt
    from torch_tensorrt.dynamo.conversion import _build_config

    set_limits = _build_config._set_limits

    def with_detail(config: Any, settings: Any) -> None:
        set_limits(config, settings)
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED

    monkeypatch.setattr(_build_config, "_set_limits", with_detail)
