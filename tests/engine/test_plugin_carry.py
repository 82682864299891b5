"""Libraries of plugins that travel with a plan: consent, files, processes that do not have them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import tensorrt as trt
import torch

from tests.engine._case import sample
from tests.engine._plugins import ROOT, Runner, library, library_plugin
from tests.engine._session import Logger, Session

IN_MEMORY = 1 << int(trt.TempfileControlFlag.ALLOW_IN_MEMORY_FILES)
TEMPORARY = 1 << int(trt.TempfileControlFlag.ALLOW_TEMPORARY_FILES)

# Deserializes, serializes, deserializes again and runs.
ELSEWHERE = """
import sys
import torch_tensorrt
import tensorrt as trt
import torch
from tests.engine._plugins import REGISTRY, Runner
from tests.engine._session import Logger
assert REGISTRY.get_creator("Three", "1", "library") is None
logger = Logger()
runtime = trt.Runtime(logger)
runtime.engine_host_code_allowed = True
runtime.tempfile_control_flags = int(sys.argv[2])
runtime.temporary_directory = sys.argv[3]
first = runtime.deserialize_cuda_engine(open(sys.argv[1], "rb").read())
assert first is not None, logger.errors()
second = runtime.deserialize_cuda_engine(bytes(first.serialize()))
assert second is not None, logger.errors()
x = torch.arange(6.0).reshape(2, 3)
for engine in (first, second):
    assert torch.equal(Runner(engine)(x=x)[0], x * 3)
assert REGISTRY.get_creator("Three", "1", "library") is None
"""


def network(*flags: trt.BuilderFlag, taken: Path | None = None) -> Session:
    """x -> plugin of the library -> y, with the library to be taken along."""
    session = Session()
    session.kept = library_plugin("Three", 3.0)
    layer = session.network.add_plugin_v3([session.input("x", (2, 3))], [], session.kept)
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    for flag in flags:
        session.config.set_flag(flag)
    session.config.plugins_to_serialize = [str(taken or library().path)]
    return session


def carrying(taken: Path | None = None) -> bytes:
    session = network(trt.BuilderFlag.VERSION_COMPATIBLE, taken=taken)
    plan = session.plan()
    assert plan is not None and not session.logger.errors()
    return bytes(plan)


def test_code_needs_consent() -> None:
    plan = carrying()
    logger = Logger()
    runtime = trt.Runtime(logger)
    assert runtime.deserialize_cuda_engine(plan) is None
    assert "setEngineHostCodeAllowed" in logger.last_error()
    runtime.engine_host_code_allowed = True
    x = sample((2, 3))
    for _ in range(2):  # its plugins are registered once
        engine = runtime.deserialize_cuda_engine(plan)
        assert engine is not None, logger.errors()
        assert torch.equal(Runner(engine)(x=x)[0], x * 3)


@pytest.mark.parametrize("files", [IN_MEMORY, TEMPORARY, IN_MEMORY | TEMPORARY])
def test_another_process_needs_nothing_else(files: int, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    plan.write_bytes(carrying())
    folder = tmp_path / "files"
    folder.mkdir()
    command = [sys.executable, "-c", ELSEWHERE, str(plan), str(files), str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert list(folder.iterdir()) == []


def test_a_library_is_loaded_once(tmp_path: Path) -> None:
    once = tmp_path / "once.so"
    once.write_bytes(library().path.read_bytes() + b"once")
    plan = carrying(once)

    def load() -> int:
        runtime = trt.Runtime(Logger())
        runtime.engine_host_code_allowed = True
        assert runtime.deserialize_cuda_engine(plan) is not None
        return len(list(Path("/proc/self/fd").iterdir()))

    files = load()  # that of the library stays open
    assert load() <= files and load() <= files


def test_files_are_where_they_may_be(tmp_path: Path) -> None:
    unseen = tmp_path / "unseen.so"  # one that the process has not loaded
    unseen.write_bytes(library().path.read_bytes() + b"more")
    plan = carrying(unseen)
    logger = Logger()
    runtime = trt.Runtime(logger)
    runtime.engine_host_code_allowed = True
    runtime.tempfile_control_flags = 0
    assert runtime.deserialize_cuda_engine(plan) is None
    assert "setTempfileControlFlags" in logger.last_error()
    runtime.tempfile_control_flags = TEMPORARY
    runtime.temporary_directory = str(tmp_path / "nowhere")
    assert runtime.deserialize_cuda_engine(plan) is None
    assert "setTemporaryDirectory" in logger.last_error()
    runtime.tempfile_control_flags = 1 << 9
    assert "no TempfileControlFlag" in logger.last_error()
    assert runtime.tempfile_control_flags == TEMPORARY


def test_only_version_compatible_plans_take_libraries_along() -> None:
    session = network()
    plan = session.plan()
    assert "kVERSION_COMPATIBLE" in session.logger.warnings()[0]
    assert trt.Runtime(session.logger).deserialize_cuda_engine(plan) is not None


def test_a_library_that_cannot_be_read_fails_the_build() -> None:
    session = network(trt.BuilderFlag.VERSION_COMPATIBLE)
    session.config.plugins_to_serialize = ["/nonexistent/libplugins.so"]
    assert session.plan() is None
    assert "/nonexistent/libplugins.so" in session.logger.last_error()


def test_what_is_no_library_of_plugins_is_refused(tmp_path: Path) -> None:
    session = network(trt.BuilderFlag.VERSION_COMPATIBLE)
    other = tmp_path / "other.so"
    other.write_bytes(b"not a library")
    session.config.plugins_to_serialize = [str(other)]
    plan = session.plan()
    runtime = trt.Runtime(session.logger)
    runtime.engine_host_code_allowed = True
    assert runtime.deserialize_cuda_engine(plan) is None
    assert f'library "{other}", which came with the plan' in session.logger.last_error()
