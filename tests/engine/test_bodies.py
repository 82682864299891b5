"""What else reaches into loops and branches:
plugins, refitted weights, upper bounds of lengths, damaged plans."""

import random
import struct

import pytest
import tensorrt as trt
import torch

from tests.engine._case import build_engine, run_engine, sample
from tests.engine._control import CONCATENATE, COUNT, LAST, If, Loop, Op, add, binary, relu, scalar
from tests.engine._plugins import Runner, library_plugin
from tests.engine._session import Logger, Session


def int32(n, value):
    """A constant that lives as long as the test."""
    kept = torch.tensor(value, dtype=torch.int32)
    KEPT.append(kept)
    return n.add_constant(
        tuple(kept.shape), trt.Weights(trt.int32, kept.data_ptr(), kept.numel())
    ).get_output(0)


def float32(n, value):
    KEPT.append(value)
    layer = n.add_constant(tuple(value.shape), trt.Weights(trt.float32, value.data_ptr(), value.numel()))
    return layer


KEPT = []


@pytest.mark.parametrize("dynamic", [False, True])
def test_plugin_in_a_loop(dynamic):
    session = Session()
    n = session.network
    x = session.input("x", (-1 if dynamic else 2, 3))
    if dynamic:
        session.profile(x=((1, 3), (2, 3), (5, 3)))
    loop = n.add_loop()
    loop.add_trip_limit(int32(n, 3), COUNT)
    value = loop.add_recurrence(x)
    value.set_input(1, n.add_plugin_v3([value.get_output(0)], [], library_plugin("Three", 2.0)).get_output(0))
    last = loop.add_loop_output(value.get_output(0), LAST)
    n.mark_output(last.get_output(0))
    run = Runner(session.engine())
    for rows in (2, 4) if dynamic else (2, 2):
        x = sample((rows, 3))
        torch.testing.assert_close(run(x=x)[0], x * 8)


@pytest.mark.parametrize("condition", [True, False])
def test_plugins_in_branches(condition):
    session = Session()
    n = session.network
    x, c = session.input("x", (2, 3)), session.input("c", (), trt.bool)
    branch = If(n, c)
    (inside,) = branch.take(x)
    results = [n.add_plugin_v3([inside], [], library_plugin("Three", k)).get_output(0) for k in (2.0, 3.0)]
    n.mark_output(branch.give(*results))
    x = sample((2, 3))
    (y,) = Runner(session.engine())(x=x, c=torch.tensor(condition))
    torch.testing.assert_close(y, x * (2 if condition else 3))


def test_refit_of_weights_inside():
    """A constant that two loops use, and the kernel of a convolution in a body."""
    session = Session()
    n = session.network
    x = session.input("x", (1, 2, 4, 4))
    shared = float32(n, torch.ones(1, 2, 4, 4))
    shared.name = "shared"
    results = []
    for _ in range(2):
        loop = n.add_loop()
        loop.add_trip_limit(int32(n, 2), COUNT)
        value = loop.add_recurrence(x)
        kernel = torch.eye(2).reshape(2, 2, 1, 1).contiguous()
        KEPT.append(kernel)
        conv = n.add_convolution_nd(
            value.get_output(0), 2, (1, 1), trt.Weights(trt.float32, kernel.data_ptr(), 4), trt.Weights()
        )
        conv.name = f"conv{len(results)}"
        value.set_input(1, n.add_elementwise(conv.get_output(0), shared.get_output(0), Op.SUM).get_output(0))
        results.append(loop.add_loop_output(value.get_output(0), LAST).get_output(0))
    n.mark_output(n.add_elementwise(*results, Op.SUM).get_output(0))
    session.config.set_flag(trt.BuilderFlag.REFIT)
    engine = session.engine()
    x = sample((1, 2, 4, 4))
    torch.testing.assert_close(Runner(engine)(x=x)[0], 2 * (x + 2))
    refitter = trt.Refitter(engine, session.logger)
    five, double = torch.full((1, 2, 4, 4), 5.0), 2 * torch.eye(2).reshape(2, 2, 1, 1)
    assert refitter.set_weights("shared", trt.WeightsRole.CONSTANT, five.numpy())
    assert refitter.set_weights("conv1", trt.WeightsRole.KERNEL, double.contiguous().numpy())
    assert refitter.refit_cuda_engine(), session.logger.errors()
    torch.testing.assert_close(Runner(engine)(x=x)[0], (x + 10) + (4 * x + 15))


def test_upper_bound_of_branches_of_different_lengths():
    """Memory for the longer branch is enough."""

    def build(n, x, c):
        branch = If(n, c)
        (inside,) = branch.take(x)
        part = n.add_slice(inside, (0, 0), (2, 1), (1, 1)).get_output(0)
        return branch.give(part, inside)

    x = sample((2, 3))
    plan, log = build_engine(build, [x, torch.tensor(True)])
    assert plan, log
    context = trt.Runtime(Logger()).deserialize_cuda_engine(plan).create_execution_context()
    assert context.get_max_output_size("y0") >= 24


# ---- damaged plans, with checksums that fit


def xxh64(data, seed=0):
    mask = (1 << 64) - 1
    p1, p2, p3, p4, p5 = (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )

    def rotate(v, r):
        return ((v << r) | (v >> (64 - r))) & mask

    def mix(acc, lane):
        return rotate((acc + lane * p2) & mask, 31) * p1 & mask

    at, size = 0, len(data)
    if size >= 32:
        v = [(seed + p1 + p2) & mask, (seed + p2) & mask, seed, (seed - p1) & mask]
        while at + 32 <= size:
            v = [mix(a, lane) for a, lane in zip(v, struct.unpack_from("<4Q", data, at), strict=True)]
            at += 32
        h = (rotate(v[0], 1) + rotate(v[1], 7) + rotate(v[2], 12) + rotate(v[3], 18)) & mask
        for a in v:
            h = ((h ^ mix(0, a)) * p1 + p4) & mask
    else:
        h = (seed + p5) & mask
    h = (h + size) & mask
    while at + 8 <= size:
        h = (rotate(h ^ mix(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= size:
        h = (rotate(h ^ (struct.unpack_from("<I", data, at)[0] * p1 & mask), 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        h = rotate(h ^ (byte * p5 & mask), 11) * p1 & mask
    h = (h ^ (h >> 33)) * p2 & mask
    h = (h ^ (h >> 29)) * p3 & mask
    return h ^ (h >> 32)


def sections(plan):
    count = struct.unpack_from("<I", plan, 20)[0]
    return [struct.unpack_from("<IIQQQ", plan, 40 + 32 * i) for i in range(count)]


def signed(plan):
    """The same bytes with checksums that fit them."""
    plan = bytearray(plan)
    entries = sections(plan)
    for i, (_, _, offset, size, _) in enumerate(entries):
        struct.pack_into("<Q", plan, 40 + 32 * i + 24, xxh64(bytes(plan[offset : offset + size])))
    struct.pack_into("<Q", plan, 32, 0)
    directory = bytes(plan[40 : 40 + 32 * len(entries)])
    struct.pack_into("<Q", plan, 32, xxh64(directory, xxh64(bytes(plan[:40]))))
    return bytes(plan)


def nested(n, x):
    loop = Loop(n, 4, "turns")
    index = loop.carry(scalar(n, [0]), lambda i: add(n, i, scalar(n, [1])))
    part = n.add_slice(x, (0,), (3,), (1,))
    part.set_input(1, index)
    total = n.add_reduce(part.get_output(0), trt.ReduceOperation.SUM, 1, False).get_output(0)
    branch = If(n, binary(n, Op.LESS, total, scalar(n, 1.0, torch.float32)))
    (a,) = branch.take(part.get_output(0))
    every = loop.loop.add_loop_output(branch.give(relu(n, a), a), CONCATENATE)
    every.set_input(1, scalar(n, 4))
    return [every.get_output(0), loop.last(index)]


def test_damaged_bodies_are_refused_or_run():
    """Flipped bits behind good checksums: an engine or an error, but never a crash."""
    x = sample((7,))
    plan, log = build_engine(nested, [x])
    assert plan, log
    assert signed(plan) == plan
    graph = next(s for s in sections(plan) if b"turns" in plan[s[2] : s[2] + s[3]])
    rng = random.Random(0)
    refused = 0
    for _ in range(400):
        damaged = bytearray(plan)
        for _ in range(rng.choice([1, 1, 2])):
            damaged[graph[2] + rng.randrange(graph[3])] ^= 1 << rng.randrange(8)
        logger = Logger()
        engine = trt.Runtime(logger).deserialize_cuda_engine(signed(damaged))
        if engine is None:  # the log may be of bytes that are no text, which Python does not take
            refused += 1
            continue
        try:
            run_engine(signed(damaged), [x])
        except Exception:
            pass  # another shape or name than the test expects
    assert refused > 100
