"""Plans through streams, and what runtimes and timing caches answer."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._session import Session, dynamic_relu, execute, on_device
from tests.engine.test_refit import Net, check, some_weights, weights_of


class Writer(trt.IStreamWriter):
    def __init__(self, takes: int | None = None) -> None:
        trt.IStreamWriter.__init__(self)
        self.data = b""
        self.takes = takes

    def write(self, data: bytes) -> int:
        self.data += bytes(data)
        return len(data) if self.takes is None else self.takes


BASE = getattr(trt, "IStreamReader", trt.IStreamReaderV2)
needs_reader = pytest.mark.skipif(
    BASE is trt.IStreamReaderV2 and device().type != "cuda",
    reason="TensorRT 11 has readers of version 2 only, for which the bindings open the CUDA driver",
)


class Reader(BASE):
    """At most `most` bytes at a time."""

    def __init__(self, data: bytes, most: int = 1 << 40) -> None:
        BASE.__init__(self)
        self.data, self.most, self.at = data, most, 0

    def read(self, size: int, stream: int = 0) -> bytes:
        part = self.data[self.at : self.at + min(size, self.most)]
        self.at += len(part)
        return part

    def seek(self, offset: int, where: Any) -> bool:
        base = {trt.SeekPosition.SET: 0, trt.SeekPosition.CUR: self.at, trt.SeekPosition.END: len(self.data)}
        self.at = base[where] + offset
        return True


@needs_reader
@pytest.mark.parametrize("most", [1 << 40, 300_001, 1 << 20], ids=str)
def test_a_plan_of_several_chunks(most: int) -> None:
    session = Session()
    kept = torch.arange(1 << 20, dtype=torch.float32).view(4, 1 << 18)
    constant = session.network.add_constant(tuple(kept.shape), weights_of(kept)).get_output(0)
    total = session.network.add_elementwise(
        session.input("x", (4, 1 << 18)), constant, trt.ElementWiseOperation.SUM
    ).get_output(0)
    total.name = "y"
    session.network.mark_output(total)
    reader = Reader(bytes(session.plan()), most)
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(reader)
    assert engine is not None and reader.at == len(reader.data) > 4 << 20
    x = on_device(torch.ones(4, 1 << 18))
    y = torch.empty_like(x)
    assert execute(engine.create_execution_context(), x, y)
    assert torch.equal(y.cpu(), kept + 1)


@needs_reader
@pytest.mark.parametrize("most", [1 << 40, 1000, 7], ids=str)
def test_a_plan_through_streams(most: int) -> None:
    w = some_weights(0)
    net, writer = Net(w), Writer()
    assert net.builder.build_serialized_network_to_stream(net.network, net.config, writer)
    assert writer.data == bytes(net.plan())
    engine = trt.Runtime(net.logger).deserialize_cuda_engine(Reader(writer.data, most))
    check(engine.create_execution_context(), w)


@pytest.mark.parametrize("takes", [0, 10, -1])
def test_a_stream_that_does_not_take_the_plan(takes: int) -> None:
    session = dynamic_relu()
    assert not session.builder.build_serialized_network_to_stream(
        session.network, session.config, Writer(takes)
    )
    assert f"took {takes} of" in session.logger.last_error()


@needs_reader
@pytest.mark.parametrize("kept", [0, 1, 39, 500])
def test_a_stream_that_ends_early(kept: int) -> None:
    session = dynamic_relu()
    plan = bytes(session.plan())
    assert trt.Runtime(session.logger).deserialize_cuda_engine(Reader(plan[:kept])) is None
    assert session.logger.last_error()


@pytest.mark.skipif(device().type != "cuda", reason="the bindings' readers of version 2 open the CUDA driver")
def test_readers_of_version_2() -> None:
    class ReaderV2(trt.IStreamReaderV2):
        def __init__(self, data: bytes) -> None:
            trt.IStreamReaderV2.__init__(self)
            self.data, self.at = data, 0

        def read(self, size: int, stream: int) -> bytes:
            part = self.data[self.at : self.at + size]
            self.at += len(part)
            return part

        def seek(self, offset: int, where: trt.SeekPosition) -> bool:
            base = {
                trt.SeekPosition.SET: 0,
                trt.SeekPosition.CUR: self.at,
                trt.SeekPosition.END: len(self.data),
            }
            self.at = base[where] + offset
            return True

    session = dynamic_relu()
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(ReaderV2(bytes(session.plan())))
    context = engine.create_execution_context()
    x, y = on_device(-torch.ones(2, 3)), on_device(torch.ones(2, 3))
    assert context.set_input_shape("x", (2, 3)) and execute(context, x, y) and not y.any()


def test_members_of_a_runtime() -> None:
    session = Session()
    runtime = trt.Runtime(session.logger)
    assert not runtime.engine_host_code_allowed and runtime.num_DLA_cores == 0
    assert runtime.logger is session.logger
    runtime.engine_host_code_allowed = True
    runtime.max_threads = 4
    runtime.temporary_directory = "/tmp"
    both = runtime.tempfile_control_flags
    assert both == 0b11
    runtime.tempfile_control_flags = 1 << int(trt.TempfileControlFlag.ALLOW_TEMPORARY_FILES)
    assert runtime.engine_host_code_allowed and runtime.max_threads == 4
    assert runtime.temporary_directory == "/tmp"
    assert runtime.tempfile_control_flags == 1 << int(trt.TempfileControlFlag.ALLOW_TEMPORARY_FILES)
    assert runtime.get_plugin_registry() is not None
    assert runtime.load_runtime("/nowhere/libnvinfer_lean.so") is None
    assert "lean runtimes" in session.logger.last_error()


# ---- timing caches: the engine measures nothing, so entries come from the file format alone


def cache_of(entries: dict[int, tuple[int, float]]) -> bytes:
    blob = b"TTRTTIMC" + struct.pack("<IQ", 1, len(entries))
    for key, (tactic, time) in entries.items():
        blob += key.to_bytes(16, "big") + struct.pack("<Qf", tactic, time)
    return blob


def test_entries_of_a_timing_cache() -> None:
    session = Session()
    cache = session.config.create_timing_cache(cache_of({1: (7, 0.5), 2: (8, 1.5)}))
    keys = cache.queryKeys()
    assert [str(key) for key in keys] == ["0x" + f"{n:032x}" for n in (1, 2)]
    value = cache.query(keys[0])
    assert (value.tacticHash, value.timingMSec) == (7, 0.5)
    assert cache.update(keys[0], trt.TimingCacheValue(9, 0.25))
    assert cache.query(keys[0]).tacticHash == 9
    assert not cache.update(keys[0], trt.TimingCacheValue(9, -1.0))
    assert not cache.update(trt.TimingCacheKey.parse("0x" + "f" * 32), trt.TimingCacheValue(1, 1.0))
    assert cache.update(keys[1], trt.TimingCacheValue(9, math.nan))
    assert [str(key) for key in cache.queryKeys()] == [str(keys[0])]
    assert cache.query(keys[1]).tacticHash == (1 << 64) - 1
    other = session.config.create_timing_cache(cache_of({1: (1, 1.0), 3: (3, 3.0)}))
    assert cache.combine(other, ignore_mismatch=False)
    assert cache.query(keys[0]).tacticHash == 9 and len(cache.queryKeys()) == 2
    assert cache.reset() and cache.queryKeys() == []


@pytest.mark.parametrize("cut", [1, 19, 20, 47])
def test_damaged_timing_caches_are_refused(cut: int) -> None:
    session = Session()
    blob = cache_of({1: (7, 0.5)})
    assert session.config.create_timing_cache(blob[:cut]) is None
    assert session.logger.last_error()
    assert session.config.create_timing_cache(cache_of({1: ((1 << 64) - 1, 0.5)})) is None
