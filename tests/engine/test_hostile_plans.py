"""Plan files that nobody wrote: cut off, altered, and altered behind right checksums."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Callable

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._plan_bytes import ENTRY, HEADER, container_of, sections_of, xxh64
from tests.engine._session import Logger, Session, dynamic_relu, execute
from tests.engine.test_refit import Flag, Net, some_weights, weights_of

FLIPS = 10_000  # over all samples
ALTERED = 3_000


def shapes_plan() -> bytes:
    """Shape arithmetic, a reshape by values, two profiles."""
    session = Session()
    n, x = session.network, session.input("x", (-1, 6))
    lengths = torch.tensor([3, 2, -1])
    shuffle = n.add_shuffle(x)
    shuffle.set_input(1, n.add_constant((3,), weights_of(lengths)).get_output(0))
    n.add_shape(x).get_output(0)
    total = n.add_reduce(shuffle.get_output(0), trt.ReduceOperation.SUM, 0b100, True)
    n.mark_output(total.get_output(0))
    session.profile(x=((1, 6), (2, 6), (4, 6)))
    session.profile(x=((1, 6), (8, 6), (8, 6)))
    return bytes(session.plan())


def loop_plan() -> bytes:
    session = Session()
    n, x, trips = session.network, session.input("x", (2, 3)), torch.tensor(3, dtype=torch.int32)
    loop = n.add_loop()
    loop.add_trip_limit(n.add_constant((), weights_of(trips)).get_output(0), trt.TripLimit.COUNT)
    recurrence = loop.add_recurrence(x)
    total = n.add_elementwise(recurrence.get_output(0), x, trt.ElementWiseOperation.SUM)
    recurrence.set_input(1, total.get_output(0))
    n.mark_output(loop.add_loop_output(recurrence.get_output(0), trt.LoopOutput.LAST_VALUE).get_output(0))
    return bytes(session.plan())


SAMPLES: dict[str, Callable[[], bytes]] = {
    "relu": lambda: bytes(dynamic_relu().plan()),
    "weights": lambda: bytes(Net(some_weights(0)).plan()),
    "refittable": lambda: bytes(Net(some_weights(0), Flag.REFIT, named=("kernel",)).plan()),
    "stripped": lambda: bytes(Net(some_weights(0), Flag.STRIP_PLAN).plan()),
    "shapes": shapes_plan,
    "loop": loop_plan,
}


class Reader:
    """Deserializes, and holds every failure to an error of the log."""

    def __init__(self) -> None:
        self.logger = Logger()
        self.runtime = trt.Runtime(self.logger)

    def read(self, plan: bytes) -> trt.ICudaEngine | None:
        self.logger.lines.clear()
        engine = self.runtime.deserialize_cuda_engine(plan)
        assert (engine is None) == bool(self.logger.errors()), self.logger.lines
        # invalid argument; failed allocation, of weights that a file leaves out; failed initialization
        codes = ("Error Code 5", "Error Code 6") if plan else ("Error Code 3",)
        assert all(any(code in text for code in codes) for text in self.logger.errors()), self.logger.errors()
        return engine


@pytest.fixture(params=sorted(SAMPLES))
def plan(request: pytest.FixtureRequest) -> bytes:
    return SAMPLES[request.param]()


def test_checksums_are_those_of_the_files(plan: bytes) -> None:
    assert xxh64(b"abc") == 0x44BC2CF5AD770999
    assert container_of(sections_of(plan), plan) == plan
    assert Reader().read(plan) is not None


def test_every_truncation_is_an_error(plan: bytes) -> None:
    reader = Reader()
    for length in range(len(plan)):
        assert reader.read(plan[:length]) is None, length
    assert reader.read(plan + b"\0") is None


def test_every_flipped_bit_is_an_error(plan: bytes) -> None:
    reader, choice = Reader(), random.Random(len(plan))
    for _ in range(-(-FLIPS // len(SAMPLES))):
        place, bit = choice.randrange(len(plan)), choice.randrange(8)
        altered = bytearray(plan)
        altered[place] ^= 1 << bit
        assert reader.read(bytes(altered)) is None, (place, bit)


def altered_section(data: bytes, choice: random.Random) -> bytes:
    """Bits, small numbers, sign bits, or an end: what gets furthest."""
    result = bytearray(data)
    for _ in range(choice.randint(1, 2)):
        place = choice.randrange(len(result))
        match choice.randrange(6):
            case 0:
                result[place] = choice.randrange(9)
            case 1:
                result[place : place + 8] = b"\xff" * len(result[place : place + 8])
            case 2:
                result[place] = 0x7F
            case 3 if choice.random() < 0.2:
                del result[place:]
                return bytes(result)
            case _:
                result[place] ^= 1 << choice.randrange(8)
    return bytes(result)


def run_as_it_is(engine: trt.ICudaEngine) -> None:
    """Runs at the opt shapes of the first profile; an error is fine."""
    context = engine.create_execution_context()
    if context is None:
        return
    buffers = []
    for i in range(engine.num_io_tensors):
        name = engine.get_tensor_name(i)
        if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT:
            shape = tuple(engine.get_tensor_profile_shape(name, 0)[1])
            if torch.Size(shape).numel() > 1 << 16 or not context.set_input_shape(name, shape):
                return
    for i in range(engine.num_io_tensors):
        name = engine.get_tensor_name(i)
        shape = tuple(context.get_tensor_shape(name))
        if any(n < 0 for n in shape) or torch.Size(shape).numel() > 1 << 16:
            return
        on_host = engine.get_tensor_location(name) == trt.TensorLocation.HOST
        buffers.append(torch.zeros(torch.Size(shape).numel() + 1, dtype=torch.int64))
        if not on_host:
            buffers[-1] = buffers[-1].to(device())
        context.set_tensor_address(name, buffers[-1].data_ptr())
    context.execute_async_v3(torch.cuda.current_stream().cuda_stream if device().type == "cuda" else 0)
    if device().type == "cuda":
        torch.cuda.synchronize()


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_what_is_altered_behind_right_checksums_is_an_error_or_a_plan(sample: str) -> None:
    plan = SAMPLES[sample]()
    reader, choice = Reader(), random.Random(len(plan))
    sections = sections_of(plan)
    names = [number for number, data in sections.items() if data]
    refused = 0
    for _ in range(ALTERED // len(SAMPLES)):
        number = choice.choice([*names, 2, 2, 2])  # the graph more often
        altered = {**sections, number: altered_section(sections[number], choice)}
        engine = reader.read(container_of(altered, plan))
        refused += engine is None
        if engine is not None and sample != "loop":  # whose altered count may be two thousand million
            # the bindings' errors: names that are no text, shapes not inferred
            with contextlib.suppress(ValueError, RuntimeError):
                run_as_it_is(engine)
    assert refused > ALTERED // len(SAMPLES) // 10


def test_missing_and_unknown_sections(plan: bytes) -> None:
    reader, sections = Reader(), sections_of(plan)
    for number in sections:
        fewer = {n: data for n, data in sections.items() if n != number}
        assert reader.read(container_of(fewer, plan)) is None


def test_plans_of_other_versions_are_named() -> None:
    reader, plan = Reader(), SAMPLES["relu"]()
    assert reader.read(plan[:16] + b"\x63" + plan[17:]) is None
    assert "version 99" in reader.logger.last_error()
    sections = sections_of(plan)
    sections[1] = b"\x63" + sections[1][1:]
    assert reader.read(container_of(sections, plan)) is None
    assert "version 99" in (error := reader.logger.last_error()) and "kVERSION_COMPATIBLE" in error


def test_version_compatible_plans_are_read_by_other_versions() -> None:
    session = dynamic_relu()
    session.config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    plan = bytes(session.plan())
    sections = sections_of(plan)
    sections[1] = b"\x63" + sections[1][1:]
    assert Reader().read(container_of(sections, plan)) is not None


def test_plans_of_nvidia_are_named() -> None:
    reader = Reader()
    assert reader.read(b"ftrt" + bytes(60)) is None
    assert "NVIDIA" in reader.logger.last_error()


NUMBERS = (1 << 31, (1 << 32) - 1, 1 << 32, (1 << 32) + 64, 1 << 62, (1 << 63) - 64, 1 << 63, (1 << 64) - 64)


@pytest.mark.parametrize("number", NUMBERS, ids=hex)
@pytest.mark.parametrize("field", ["offset", "length", "file"])
def test_numbers_beyond_32_bits_do_not_wrap(field: str, number: int) -> None:
    """Places of sections that are right modulo 2^32 or 2^64, with right checksums of the directory."""
    plan = bytearray(SAMPLES["weights"]())
    magic, version, count, length, _ = HEADER.unpack_from(plan)
    last = HEADER.size + (count - 1) * ENTRY.size
    section, zero, offset, size, checksum = ENTRY.unpack_from(plan, last)
    mask = (1 << 64) - 1
    if field == "offset":
        ENTRY.pack_into(plan, last, section, zero, (offset + number) & mask, size, checksum)
    elif field == "length":
        ENTRY.pack_into(plan, last, section, zero, offset, (size + number) & mask, checksum)
    else:
        length = (length + number) & mask
    header = HEADER.pack(magic, version, count, length, 0)
    directory = bytes(plan[HEADER.size : HEADER.size + count * ENTRY.size])
    plan[: HEADER.size] = HEADER.pack(magic, version, count, length, xxh64(directory, xxh64(header)))
    assert Reader().read(bytes(plan)) is None


@pytest.mark.skipif(
    "TORCHTRT_LARGE_TESTS" not in os.environ, reason="needs 20 GB of memory: TORCHTRT_LARGE_TESTS=1"
)
def test_plans_of_more_than_4_gigabytes() -> None:
    rows = (1 << 31) // 4096 + 1  # of 4096 half numbers each: 4 GB and 8 KB
    session = Session()
    table = torch.zeros(rows, 4096, dtype=torch.float16)
    table[-1] = torch.arange(4096) % 100
    constant = session.network.add_constant(tuple(table.shape), weights_of(table))
    index = session.input("x", (1,), trt.int32)
    row = session.network.add_gather(constant.get_output(0), index, 0)
    row.get_output(0).name = "y"
    session.network.mark_output(row.get_output(0))
    plan = session.plan()
    assert plan.nbytes > 1 << 32
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    x = torch.tensor([rows - 1], dtype=torch.int32, device=device())
    y = torch.zeros(1, 4096, dtype=torch.float16, device=device())
    assert execute(context, x, y)
    assert torch.equal(y.cpu()[0], table[-1])
