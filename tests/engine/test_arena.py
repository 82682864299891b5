"""Memory of runs on the CPU: allocated by the first run of a shape, found again by all others; safely."""

from __future__ import annotations

import functools
import gc
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._arena_networks import FAMILIES, Family
from tests.engine._case import Log, build_engine, device, sample
from tests.engine._control import Loop, Op, add, binary, relu
from tests.engine._late import Allocator
from tests.engine._memory import run_context
from tests.engine._session import STRONG, Session, execute, on_device, relu_network

Counts = dict[str, list[tuple[str, int]]]
ROOT = Path(__file__).parents[2]
on_cpu = pytest.mark.skipif(device().type != "cpu", reason="devices have PyTorch's caching allocator")


no_tools = pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="a tool that replaces malloc is at work")


def run_networks(*arguments: str, **environment: str) -> Any:
    """What _arena_networks tells in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine._arena_networks", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> str:
    library = tmp_path_factory.mktemp("counter") / "counter.so"
    source = Path(__file__).with_name("allocation_counter.c")
    try:
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    except FileNotFoundError:
        pytest.skip("needs gcc")
    return str(library)


@pytest.fixture(scope="module")
def counts(counter: str) -> Counts:
    return run_networks(LD_PRELOAD=counter)


@on_cpu
@no_tools
@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "lengths_by_data"])
def test_shapes_that_come_again_allocate_nothing(family: str, counts: Counts) -> None:
    seen = set()
    for shapes, count in counts[family]:
        if shapes in seen:
            assert count == 0, counts[family]
        seen.add(shapes)
    assert counts[family][0][1] > 0  # it would be seen


@on_cpu
@no_tools
def test_lengths_by_data_allocate_until_the_greatest_is_known(counts: Counts) -> None:
    assert [count for _, count in counts["lengths_by_data"]][-6:] == [0] * 6


@on_cpu
@no_tools
def test_arenas_can_be_turned_off(counter: str) -> None:
    (found,) = run_networks("shapes", LD_PRELOAD=counter, TORCHTRT_EMBEDDED_ARENA="0").values()
    assert all(count > 0 for _, count in found)


@on_cpu
def test_the_switch_is_0_or_1(monkeypatch: pytest.MonkeyPatch) -> None:
    session = relu_network()
    engine = session.engine()
    monkeypatch.setenv("TORCHTRT_EMBEDDED_ARENA", "perhaps")
    assert engine.create_execution_context() is None
    assert "TORCHTRT_EMBEDDED_ARENA" in session.logger.last_error()


@on_cpu
@no_tools
def test_the_peak_stays() -> None:
    without, with_arena = (run_networks("peak", TORCHTRT_EMBEDDED_ARENA=on) for on in "01")
    assert without > 60e6  # two tensors at once
    assert with_arena < 1.1 * without


# ---- safe


@functools.cache
def family(name: str) -> Family:
    return FAMILIES[name]()


def hammer(made: Family, first: int, rounds: int, failures: list[BaseException]) -> None:
    try:
        context = made.context()
        for i in range(rounds):
            made.run(context, made.rounds[(first + i) % len(made.rounds)])
    except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
        failures.append(error)


TOGETHER = [("shapes", "shapes"), ("shapes", "lengths_by_data", "loop"), ("resnet", "minilm")]


@pytest.mark.parametrize("names", TOGETHER, ids="-".join)
def test_contexts_at_once(names: tuple[str, ...]) -> None:
    failures: list[BaseException] = []
    made = [family(name) for name in names]
    threads = [threading.Thread(target=hammer, args=(m, i, 40, failures)) for i, m in enumerate(made)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def test_one_context_on_many_threads() -> None:
    made = family("shapes")
    context = made.context()
    for inputs in made.rounds:
        thread = threading.Thread(target=lambda inputs=inputs: made.run(context, inputs))
        thread.start()
        thread.join()
    made.run(context, made.rounds[0])


def test_contexts_come_and_go() -> None:
    made = family("shapes")
    for i in range(20):
        context = made.context()
        for inputs in made.rounds[i % 3 : i % 3 + 3]:
            made.run(context, inputs)
        if i % 2:
            del context
            gc.collect()


def test_memory_of_output_allocators_is_theirs() -> None:
    """Tensors that an allocator made during a run are good when the context is gone."""
    made = family("non_zero")
    context, kept = made.context(), []
    (x,) = made.rounds[0]
    for _ in range(4):
        allocator = Allocator()
        given, outputs = made.prepare(context, [x])
        (output,) = outputs
        assert context.set_output_allocator(output, allocator)
        assert run_context(context, given, {}), made.log.text
        kept.append(allocator)
    del context
    gc.collect()
    made.run(made.context(), [x])
    for allocator in kept:
        assert torch.equal(allocator.tensor(torch.int32).long(), x.relu().nonzero().t())


class Keeps(trt.IDebugListener if hasattr(trt, "IDebugListener") else object):  # type: ignore[misc]
    """Keeps a copy of every tensor that it is told of, made during the run."""

    def __init__(self) -> None:
        trt.IDebugListener.__init__(self)
        self.kept: list[torch.Tensor] = []

    def process_debug_tensor(
        self, addr: Any, location: Any, type: Any, shape: Any, name: str, stream: int
    ) -> bool:
        self.kept.append(torch.full(tuple(shape), float(len(self.kept))))
        return True


def test_tensors_of_debug_listeners_are_theirs() -> None:
    session = Session(STRONG)
    x = session.input("x", (4, 100))
    hidden = session.network.add_unary(x, trt.UnaryOperation.EXP).get_output(0)
    assert session.network.mark_debug(hidden)
    y = session.network.add_activation(hidden, trt.ActivationType.RELU).get_output(0)
    y.name = "y"
    session.network.mark_output(y)
    context = session.engine().create_execution_context()
    listener = Keeps()
    assert context.set_debug_listener(listener) and context.set_all_tensors_debug_state(True)
    data, result = torch.randn(4, 100, device=device()), torch.empty(4, 100, device=device())
    for _ in range(5):
        assert execute(context, data, result)
    torch.testing.assert_close(result, data.exp())
    for i, tensor in enumerate(listener.kept):
        assert (tensor == i).all()


def test_a_run_that_fails_does_no_harm() -> None:
    """A loop that goes on behind the end of what it iterates over fails in the middle."""

    def build(n: Any, x: trt.ITensor, limit: trt.ITensor) -> Any:
        loop = Loop(n)
        each = loop.each(x)
        total = loop.carry(n.constant(torch.zeros(1, 50)), lambda t: relu(n, add(n, t, each)))
        trips = loop.carry(n.constant(torch.zeros(())), lambda t: add(n, t, n.constant(torch.ones(()))))
        loop.go_on_while(binary(n, Op.LESS, trips, limit))
        return loop.last(total)

    plan, log = build_engine(build, [sample((4, 1, 50)), torch.tensor(4.0)])
    assert plan is not None, log
    context = trt.Runtime(Log()).deserialize_cuda_engine(plan).create_execution_context()
    x, y = sample((4, 1, 50)).abs(), on_device(torch.empty(1, 50))
    for count, right in ((4, True), (5, False), (4, True), (3, True), (9, False), (4, True)):
        given = {"x0": on_device(x), "x1": on_device(torch.tensor(float(count)))}
        assert run_context(context, given, {"y0": y}) == right
        if right:
            torch.testing.assert_close(y.cpu(), x[:count].sum(0))


@pytest.mark.parametrize("rows", [(40, 5, 40, 17)])
def test_memory_of_the_caller_is_used(rows: tuple[int, ...]) -> None:
    made = family("shapes")
    context = made.context(strategy=trt.ExecutionContextAllocationStrategy.USER_MANAGED)
    size = made.engine.device_memory_size_v2
    raw = torch.full((size + 512,), 0xFF, dtype=torch.uint8, device=device())
    memory = raw[-raw.data_ptr() % 256 :]
    context.set_device_memory(memory.data_ptr(), size)
    for count in rows:
        made.run(context, [sample((count, 32), seed=count)])
    assert (memory[:size] != 0xFF).any() and (memory[size:] == 0xFF).all()


@on_cpu
def test_profilers_see_memory_of_operators() -> None:
    """As without an arena: every operator's memory, allocated and freed."""
    made = family("minilm")
    context = made.context()
    given, outputs = made.prepare(context, made.rounds[0])
    told = []
    for _ in range(3):  # the first allocates, the others do not
        with torch.profiler.profile(profile_memory=True) as profiler:
            assert run_context(context, given, outputs)
        found = {e.key: e.self_cpu_memory_usage for e in profiler.key_averages()}
        told.append(sum(bytes for key, bytes in found.items() if key.startswith("aten::empty")))
        assert told[-1] > 0
    assert told[1] == told[2]
