"""DistCollective: alone, and with two and three processes that torch.distributed connects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import build_error, check, device, sample
from tests.engine._members import should_have
from tests.engine._ranks import PREVIEW, collective_session, communicator, consent, run_collective
from tests.engine._session import Session, on_device

if not should_have("CollectiveOperation"):
    pytest.skip("these bindings know no collective operations", allow_module_level=True)

Op, Reduce = trt.CollectiveOperation, trt.ReduceOperation
TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64]
REDUCTIONS = [Reduce.SUM, Reduce.PROD, Reduce.MAX, Reduce.MIN, Reduce.AVG]
ALONE = [
    (Op.ALL_REDUCE, Reduce.SUM, -1),
    (Op.ALL_GATHER, Reduce.NONE, -1),
    (Op.BROADCAST, Reduce.NONE, 0),
    (Op.REDUCE, Reduce.AVG, 0),
    (Op.REDUCE_SCATTER, Reduce.MAX, -1),
]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(("op", "reduce", "root"), ALONE, ids=lambda v: str(v))
def test_one_rank_is_the_identity(op: Any, reduce: Any, root: int, dtype: torch.dtype, dynamic: bool) -> None:
    x = sample((4, 3), dtype)
    check(lambda n, x: n.add_dist_collective(x, op, reduce, root, []), [x], lambda x: x, dynamic=dynamic)


def test_c7_gathered_lengths_fit_into_64_bits() -> None:
    session = Session()
    x = session.input("x", (2**62,))
    layer = session.network.add_dist_collective(x, Op.ALL_GATHER, Reduce.NONE, -1, [])
    layer.num_ranks = 4
    session.network.mark_output(layer.get_output(0))
    consent(session.config)
    assert session.plan() is None
    assert "does not fit into 64 bits" in session.logger.last_error()


@pytest.mark.parametrize("reduce", REDUCTIONS, ids=str)
def test_one_rank_reduces_nothing(reduce: Any) -> None:
    for shape in ((), (0, 3)):
        check(
            lambda n, x: n.add_dist_collective(x, Op.ALL_REDUCE, reduce, -1, [0]),
            [sample(shape)],
            lambda x: x,
        )


def test_number_of_ranks_decides_the_shape() -> None:
    session = Session()
    x = session.input("x", (6, 3))
    gather = session.network.add_dist_collective(x, Op.ALL_GATHER, Reduce.NONE, -1, [])
    scatter = session.network.add_dist_collective(x, Op.REDUCE_SCATTER, Reduce.SUM, -1, [])
    assert int(gather.type) == 56 and gather.num_ranks == 1
    gather.num_ranks = scatter.num_ranks = 3
    assert gather.num_ranks == 3
    assert tuple(gather.get_output(0).shape) == (18, 3)
    assert tuple(scatter.get_output(0).shape) == (2, 3)
    relu = session.network.add_activation(x, trt.ActivationType.RELU)
    with pytest.raises(Exception, match="(?i)rank"):
        relu.num_ranks = 2
        raise RuntimeError(session.logger.last_error())  # bindings that do not raise


def test_refusals() -> None:
    def add(op: Any, reduce: Any, root: int = -1, groups: Any = (), ranks: int = 1) -> Any:
        def build(n: Any, x: trt.ITensor) -> Any:
            layer = n.add_dist_collective(x, op, reduce, root, list(groups))
            layer.num_ranks = ranks
            return layer

        return build

    x = sample((4, 3))
    assert "float8, not bool" in build_error(add(Op.ALL_GATHER, Reduce.NONE), [x > 0])  # c1
    assert "needs a reduce operation" in build_error(add(Op.ALL_REDUCE, Reduce.NONE), [x])  # c2
    assert "reduces nothing" in build_error(add(Op.BROADCAST, Reduce.SUM, 0), [x])  # c2
    assert "is no rank of the group" in build_error(add(Op.BROADCAST, Reduce.NONE), [x])  # c3
    assert "has no root" in build_error(add(Op.ALL_GATHER, Reduce.NONE, 0), [x])  # c3
    assert "is no rank of the group" in build_error(add(Op.BROADCAST, Reduce.NONE, 2, (0, 1)), [x])  # c3
    assert "are different" in build_error(add(Op.ALL_GATHER, Reduce.NONE, -1, (1, 1)), [x])  # c4
    assert "are different" in build_error(add(Op.ALL_GATHER, Reduce.NONE, -1, (-1, 1)), [x])  # c4
    assert "scalar" in build_error(add(Op.ALL_GATHER, Reduce.NONE), [sample(())])  # c5


def test_refused_numbers_of_ranks() -> None:
    session = Session()
    x = session.input("x", (4, 3))
    layer = session.network.add_dist_collective(x, Op.REDUCE_SCATTER, Reduce.SUM, -1, [])
    group = session.network.add_dist_collective(x, Op.ALL_GATHER, Reduce.NONE, -1, [0, 1])
    for wanted, target, text in ((0, layer, "at least one"), (3, group, "has not 3 ranks")):  # c4
        try:
            target.num_ranks = wanted
        except Exception:  # bindings that raise where the setter answers false
            pass
        assert text in session.logger.last_error()
        assert target.num_ranks == 1
    layer.num_ranks = 3
    session.network.mark_output(layer.get_output(0))
    consent(session.config)
    assert session.plan() is None
    assert "no multiple of the 3 ranks" in session.logger.last_error()  # c6


def test_several_ranks_want_consent_and_a_communicator() -> None:
    x = on_device(sample((4, 3)))
    session = collective_session(x, Op.ALL_REDUCE, Reduce.SUM, -1, None, 2)
    if PREVIEW is not None:
        consent(session.config, False)
        assert session.plan() is None
        assert "kMULTIDEVICE_RUNTIME_10_16" in session.logger.last_error()
    consent(session.config)
    context = session.engine().create_execution_context()
    y = torch.empty_like(x)
    assert context.set_tensor_address("x", x.data_ptr()) and context.set_tensor_address("y", y.data_ptr())
    assert not context.execute_async_v3(0)
    assert "call setCommunicator" in session.logger.last_error()
    capsule, alive = communicator("nobody")
    assert context.set_communicator(capsule)
    assert not context.execute_async_v3(0)
    assert "nobody" in session.logger.last_error()
    del alive


def test_communicators_of_others_are_refused() -> None:
    session = collective_session(sample((2,)), Op.ALL_REDUCE, Reduce.SUM, -1, None, 2)
    context = session.engine().create_execution_context()
    capsule, alive = communicator("a", "")
    assert not context.set_communicator(capsule)
    assert "is empty" in session.logger.last_error()
    alive.value = b"something else"
    assert not context.set_communicator(capsule)
    assert "torch.distributed:" in session.logger.last_error()


# ---- several ranks


def part(rank: int, dtype: torch.dtype, rows: int = 6) -> torch.Tensor:
    return sample((rows, 3), dtype, 1, 4, seed=rank)


REDUCE_CASES = [(op, dtype) for op in REDUCTIONS for dtype in TYPES]


def on_rank(rank: int, ranks: int) -> dict[str, torch.Tensor]:
    """Runs in each process: every operation once."""
    import torch.distributed as dist

    results = {}
    for reduce, dtype in REDUCE_CASES:
        x = part(rank, dtype)
        name = f"{reduce.name} {dtype}"
        results[f"all_reduce {name}"] = run_collective(x, Op.ALL_REDUCE, reduce)
        results[f"reduce {name}"] = run_collective(x, Op.REDUCE, reduce, root=1)
        results[f"reduce_scatter {name}"] = run_collective(x, Op.REDUCE_SCATTER, reduce)
    for dtype in TYPES:
        x = part(rank, dtype)
        results[f"all_gather {dtype}"] = run_collective(x, Op.ALL_GATHER)
        results[f"broadcast {dtype}"] = run_collective(x, Op.BROADCAST, root=1)
    large = torch.full((6, 3), 100 + rank, dtype=torch.int8)
    results["average of large int8"] = run_collective(large, Op.ALL_REDUCE, Reduce.AVG)
    results["empty"] = run_collective(part(rank, torch.float32, 0), Op.ALL_REDUCE, Reduce.SUM)
    # Every rank makes every group; the layer finds its own among those of the communicator.
    others = dist.new_group([1, 0])
    last = dist.new_group([ranks - 1])
    if rank < 2:
        names = [dist.group.WORLD.group_name, others.group_name]
        pair = list(dist.get_process_group_ranks(others))
        x = part(rank, torch.float32)
        results["pair"] = run_collective(x, Op.ALL_REDUCE, Reduce.SUM, groups=pair, names=names, ranks=2)
    assert last is not None
    return results


def launch(ranks: int, folder: Path) -> list[dict[str, torch.Tensor]]:
    command = [sys.executable, "-m", "tests.engine._ranks"]
    workers = [
        subprocess.Popen(
            [*command, str(rank), str(ranks), str(folder / "meet"), str(folder / "result")],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(ranks)
    ]
    try:
        logs = [worker.communicate(timeout=300)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0] * ranks, "\n".join(logs)
    return [torch.load(folder / f"result.{rank}", weights_only=True) for rank in range(ranks)]


def reduced(reduce: Any, parts: list[torch.Tensor]) -> torch.Tensor:
    dtype = parts[0].dtype
    stack = torch.stack(parts)
    stack = stack.double() if dtype.is_floating_point else stack.long()
    if reduce == Reduce.AVG:
        mean = stack.sum(0) / len(parts)
        return (mean if dtype.is_floating_point else mean.trunc()).to(dtype)
    whole = {Reduce.SUM: stack.sum, Reduce.PROD: stack.prod, Reduce.MAX: stack.amax, Reduce.MIN: stack.amin}[
        reduce
    ](0)
    return whole.to(dtype)


@pytest.mark.parametrize("ranks", [2, 3])
def test_several_ranks(ranks: int, tmp_path: Path) -> None:
    if device().type == "cuda" and torch.cuda.device_count() < ranks:
        pytest.skip(f"{ranks} CUDA devices are needed, {torch.cuda.device_count()} are here")
    results = launch(ranks, tmp_path)
    for reduce, dtype in REDUCE_CASES:
        parts = [part(rank, dtype) for rank in range(ranks)]
        name, whole = f"{reduce.name} {dtype}", reduced(reduce, parts)
        rows = 6 // ranks
        for rank, found in enumerate(results):
            torch.testing.assert_close(found[f"all_reduce {name}"], whole)
            torch.testing.assert_close(
                found[f"reduce {name}"], whole if rank == 1 else torch.zeros_like(whole)
            )
            torch.testing.assert_close(
                found[f"reduce_scatter {name}"], whole[rank * rows : (rank + 1) * rows]
            )
    for dtype in TYPES:
        parts = [part(rank, dtype) for rank in range(ranks)]
        for found in results:
            assert torch.equal(found[f"all_gather {dtype}"], torch.cat(parts))
            assert torch.equal(found[f"broadcast {dtype}"], parts[1])
    assert all((found["average of large int8"] == 100 + (ranks - 1) // 2).all() for found in results)
    assert all(found["empty"].shape == (0, 3) for found in results)
    pair = reduced(Reduce.SUM, [part(rank, torch.float32) for rank in range(2)])
    for found in results[:2]:
        torch.testing.assert_close(found["pair"], pair)
