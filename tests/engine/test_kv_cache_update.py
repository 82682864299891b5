"""KVCacheUpdate: rows written into a cache, in the caller's memory where cache and result are one."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, Net, build_error, check, growing, sample
from tests.engine._members import should_have
from tests.engine._session import Session, on_device

if not should_have("KVCacheMode"):
    pytest.skip("these bindings know no cache updates", allow_module_level=True)

LINEAR = trt.KVCacheMode.LINEAR


def updated(cache: torch.Tensor, update: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    out = cache.clone()
    for i, first in enumerate(at.tolist()):
        for s in range(update.shape[2]):
            if first >= 0 and first + s < cache.shape[2]:
                out[i, :, first + s] = update[i, :, s]
    return out


def copied(n: Net, cache: trt.ITensor, update: trt.ITensor, at: trt.ITensor) -> trt.ITensor:
    """Not the caller's memory: the result goes through another layer."""
    out = n.add_kv_cache_update(cache, update, at, LINEAR).get_output(0)
    return n.add_unary(out, trt.UnaryOperation.NEG)


def negated(cache: torch.Tensor, update: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    return -updated(cache, update, at)


def tensors(
    shape: tuple[int, ...], count: int, at: list[int], dtype: Any = torch.float32
) -> list[torch.Tensor]:
    return [
        sample(shape, dtype),
        sample((*shape[:2], count, shape[3]), dtype, seed=1),
        torch.tensor(at, dtype=torch.int32),
    ]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_types(dtype: torch.dtype, index_type: torch.dtype, dynamic: bool) -> None:
    cache, update, at = tensors((2, 3, 8, 4), 2, [0, 5], dtype)
    ranges = [growing(cache, 0), growing(update, 0), growing(at, 0)] if dynamic else False
    check(copied, [cache, update, at.to(index_type)], negated, dynamic=ranges)


@pytest.mark.parametrize("at", [[0, 0], [7, 6], [8, 100], [-1, 3], [-9, 2**31 - 1], [5, -(2**31)]], ids=str)
@pytest.mark.parametrize("count", [0, 1, 3, 8, 11])
def test_rows_behind_the_end_are_dropped(count: int, at: list[int]) -> None:
    check(copied, tensors((2, 2, 8, 3), count, at), negated)


@pytest.mark.parametrize("shape", [(0, 2, 4, 3), (2, 0, 4, 3), (2, 2, 0, 3), (2, 2, 4, 0)])
def test_empty(shape: tuple[int, ...]) -> None:
    check(copied, tensors(shape, 2, [0] * shape[0]), negated)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(0, 12),
    st.lists(st.integers(-3, 12), min_size=3, max_size=3),
)
def test_any_rows(batch: int, rows: int, count: int, at: list[int]) -> None:
    check(copied, tensors((batch, 2, rows, 3), count, at[:batch]), negated)


class Cached:
    """An engine with inputs "cache", "update", "at" and output "out", which is the cache."""

    def __init__(self, extra: Any = None, dtype: trt.DataType = trt.float32) -> None:
        self.session = Session()
        cache = self.session.input("cache", (2, 3, 8, 4), dtype)
        update = self.session.input("update", (2, 3, -1, 4), dtype)
        at = self.session.input("at", (2,), trt.int32)
        layer = self.session.network.add_kv_cache_update(cache, update, at, LINEAR)
        self.outputs = {
            "out": layer.get_output(0),
            **(extra(self.session.network, cache, layer) if extra else {}),
        }
        for name, tensor in self.outputs.items():
            tensor.name = name
            self.session.network.mark_output(tensor)
        self.session.profile(update=((2, 3, 0, 4), (2, 3, 1, 4), (2, 3, 8, 4)))
        self.engine = self.session.engine()
        self.context = self.engine.create_execution_context()

    def run(
        self, cache: torch.Tensor, update: torch.Tensor, at: torch.Tensor, **outputs: torch.Tensor
    ) -> bool:
        self.kept = [update, at]  # memory stays while the device works
        assert self.context.set_input_shape("update", tuple(update.shape))
        for name, tensor in {"cache": cache, "update": update, "at": at, **outputs}.items():
            assert self.context.set_tensor_address(name, tensor.data_ptr())
        done = self.context.execute_async_v3(torch.cuda.current_stream().cuda_stream if cache.is_cuda else 0)
        if cache.is_cuda:
            torch.cuda.synchronize()
        return done


def test_in_place() -> None:
    cached = Cached()
    assert cached.engine.get_aliased_input_tensor("out") == "cache"
    assert cached.engine.get_aliased_input_tensor("cache") is None
    assert cached.engine.get_aliased_input_tensor("nobody") is None
    cache = on_device(sample((2, 3, 8, 4)))
    expected = cache.cpu().clone()
    for step, count in enumerate((3, 1, 1, 1, 4)):  # a prompt, then token by token, then beyond the end
        update = on_device(sample((2, 3, count, 4), seed=step))
        at = on_device(torch.tensor([step * 2, step + 1], dtype=torch.int32))
        assert cached.run(cache, update, at, out=cache)
        expected = updated(expected, update.cpu(), at.cpu())
        assert torch.equal(cache.cpu(), expected)


def test_addresses_have_to_agree() -> None:
    cached = Cached()
    cache, other = on_device(sample((2, 3, 8, 4))), on_device(torch.zeros(2, 3, 8, 4))
    update, at = on_device(sample((2, 3, 1, 4))), on_device(torch.tensor([0, 1], dtype=torch.int32))
    before = cache.clone()
    assert not cached.run(cache, update, at, out=other)
    assert "bind both to one address" in cached.session.logger.last_error()
    assert torch.equal(cache, before) and other.eq(0).all()
    assert cached.run(cache, update, at, out=cache)


def test_others_read_the_cache_as_it_was() -> None:
    def readers(network: Any, cache: trt.ITensor, layer: trt.ILayer) -> dict[str, trt.ITensor]:
        behind = network.add_unary(layer.get_output(0), trt.UnaryOperation.ABS).get_output(0)
        view = network.add_shuffle(cache)
        view.first_transpose = (0, 2, 1, 3)
        total = network.add_reduce(behind, trt.ReduceOperation.SUM, 0b1111, True).get_output(0)
        late = network.add_elementwise(view.get_output(0), total, trt.ElementWiseOperation.SUM).get_output(0)
        return {"late": late, "behind": behind}

    cached = Cached(readers)
    cache = on_device(sample((2, 3, 8, 4)))
    update, at = on_device(sample((2, 3, 2, 4), seed=3)), on_device(torch.tensor([0, 6], dtype=torch.int32))
    late, behind = on_device(torch.zeros(2, 8, 3, 4)), on_device(torch.zeros(2, 3, 8, 4))
    before = cache.cpu().clone()
    assert cached.run(cache, update, at, out=cache, late=late, behind=behind)
    expected = updated(before, update.cpu(), at.cpu())
    assert torch.equal(cache.cpu(), expected)
    assert torch.equal(behind.cpu(), expected.abs())
    torch.testing.assert_close(late.cpu(), before.transpose(1, 2) + expected.abs().sum())


def test_only_direct_results_are_one_memory() -> None:
    """The result of a layer behind the update is a tensor of its own, though passes may remove that layer."""
    session = Session()
    cache, update = session.input("cache", (1, 1, 4, 2)), session.input("update", (1, 1, 1, 2))
    layer = session.network.add_kv_cache_update(cache, update, session.input("at", (1,), trt.int32), LINEAR)
    out = session.network.add_identity(layer.get_output(0)).get_output(0)
    out.name = "out"
    session.network.mark_output(out)
    assert session.engine().get_aliased_input_tensor("out") is None


def test_two_updates_of_one_cache() -> None:
    session = Session()
    cache, at = session.input("cache", (1, 1, 4, 2)), session.input("at", (1,), trt.int32)
    for i in range(2):
        update = session.input(f"update{i}", (1, 1, 1, 2))
        session.network.mark_output(
            session.network.add_kv_cache_update(cache, update, at, LINEAR).get_output(0)
        )
    assert session.plan() is None
    assert "a cache of its own" in session.logger.last_error()


def test_refusals() -> None:
    cache, update, at = tensors((2, 3, 8, 4), 2, [0, 1])

    def add(n: Net, *x: trt.ITensor) -> trt.ILayer:
        return n.add_kv_cache_update(*x, LINEAR)

    assert "the cache has to be float32" in build_error(add, [cache.int(), update.int(), at])  # c2
    assert "like the cache" in build_error(add, [cache, update.half(), at])  # c2
    assert "must be int32 or int64" in build_error(add, [cache, update, at.float()])  # c3
    assert "of rank 4" in build_error(add, [cache[0], update, at])  # c4
    assert "write indices [batch]" in build_error(add, [cache, update, at.reshape(1, 2)])  # c4
    for axis in (0, 1, 3):
        wrong = update.narrow(axis, 0, 1)
        assert f"differ at axis {axis}" in build_error(add, [cache, wrong, at])  # c5
    assert "one per batch item" in build_error(add, [cache, update, at[:1]])  # c5


def test_inputs_are_three() -> None:
    session = Session()
    x = session.input("cache", (1, 1, 4, 2))
    layer = session.network.add_kv_cache_update(x, x, session.input("at", (1,), trt.int32), LINEAR)
    assert int(layer.type) == 54 and layer.cache_mode == LINEAR
    layer.set_input(3, x)  # c1
    assert "at most 3" in session.logger.last_error()
