"""What version 11 of the interface adds: forms and lengths of attention, packed cache updates, options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, Net, build_error, growing, run, sample
from tests.engine._case import check as check_case
from tests.engine._members import OPTIONAL_AXES, needs
from tests.engine._session import MAJOR, Session, execute, on_device, relu_network

if MAJOR < 11:
    pytest.skip("these bindings are of version 10", allow_module_level=True)

from tests.engine.test_attention import SOFTMAX, check, masked, qkv

Kind, Form = trt.CausalMaskKind, trt.AttentionIOForm
KINDS = [Kind.NONE, Kind.UPPER_LEFT, Kind.LOWER_RIGHT]
DYNAMIC = [False, True]
HEADS, FEATURES = 4, 8


def seen(kind: Any, queries: int, keys: int) -> torch.Tensor:
    """Which keys a query sees: the diagonal begins or ends with both sequences."""
    every = torch.ones(queries, keys, dtype=torch.bool)
    if kind == Kind.NONE:
        return every
    return every.tril(0 if kind == Kind.UPPER_LEFT else keys - queries)


def attention(kind: Any = Kind.NONE, **later: Any) -> Callable[..., Any]:
    """`later` are properties of the layer; a tensor among them is given as the position of an argument."""

    def build(n: Net, *tensors: Any) -> Any:
        layer = n.add_attention_v2(*tensors[:3], SOFTMAX, kind)
        assert layer.causal_kind == kind
        for name, value in later.items():
            setattr(layer, name, tensors[value] if type(value) is int else value)
        return layer.get_output(0)

    return build


def refused(session: Session, target: Any, name: str, value: Any) -> str:
    """What is said of a property that keeps its value, where these bindings raise."""
    before = getattr(target, name)
    with pytest.raises(RuntimeError, match="Failed to set"):
        setattr(target, name, value)
    assert getattr(target, name) == before
    return session.logger.last_error()


# ---- attention: causal kinds


@pytest.mark.parametrize("dynamic", DYNAMIC)
@pytest.mark.parametrize(("queries", "keys"), [(3, 5), (5, 3), (4, 4), (1, 6)])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_causal_kinds(kind: Any, queries: int, keys: int, dynamic: bool) -> None:
    inputs = qkv(queries=queries, keys=keys)

    def reference(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        mask = seen(kind, q.shape[2], k.shape[2]).to(q.device)
        return masked(q, k, v, mask).nan_to_num(0)  # a query that sees nothing has the result 0

    check(
        attention(kind), inputs, reference, dynamic=[growing(x, 0, 2) for x in inputs] if dynamic else False
    )


def test_causal_kinds_and_the_older_property() -> None:
    s = Session()
    tensors = [s.input(f"x{i}", tuple(x.shape)) for i, x in enumerate(qkv())]
    layer = s.network.add_attention_v2(*tensors, SOFTMAX, Kind.LOWER_RIGHT)
    assert not layer.causal
    layer.causal = True
    assert layer.causal_kind == Kind.UPPER_LEFT
    layer.causal_kind = Kind.NONE
    assert not layer.causal and s.logger.errors() == []
    layer.mask = s.input("mask", (2, 4, 3, 5))
    assert "masked or causal" in refused(s, layer, "causal_kind", Kind.LOWER_RIGHT)  # c9


# ---- attention: lengths and packed forms


def lengths_of(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.int32)


def begins(*counts: int) -> torch.Tensor:
    """Where sequences of these lengths begin, and where the last ends."""
    return lengths_of(0, *torch.tensor(counts).cumsum(0).tolist())


@pytest.mark.parametrize("dynamic", DYNAMIC)
@pytest.mark.parametrize("kind", KINDS[:2], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_keys_behind_their_length_are_not_seen(dtype: torch.dtype, kind: Any, dynamic: bool) -> None:
    inputs = [*qkv(dtype, groups=2), lengths_of(5, 2)]

    def reference(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        inside = torch.arange(k.shape[2], device=q.device) < lengths.view(-1, 1, 1, 1)
        return masked(q, k, v, seen(kind, q.shape[2], k.shape[2]).to(q.device) & inside)

    ranges = [*(growing(x, 0, 2) for x in inputs[:3]), growing(inputs[3], 0)] if dynamic else False
    check(attention(kind, key_value_lengths=3), inputs, reference, dynamic=ranges)


def test_a_sequence_of_no_keys_has_the_result_0() -> None:
    (y,) = run(attention(key_value_lengths=3), [*qkv(), lengths_of(0, 3)])
    assert (y[0] == 0).all() and y[1].isfinite().all() and (y[1] != 0).any()


def packed_inputs(
    queries: list[int], keys: list[int], dtype: torch.dtype, form: tuple[bool, bool], spare: int
) -> tuple[list[torch.Tensor], list[tuple[Any, ...]]]:
    """Inputs of a layer whose query and whose keys and values are perhaps packed, with `spare` tokens behind
    the last; and the (query, key, value) of each sequence, [1, heads, tokens, features], cut out of them."""
    tensors, parts = [], []
    for i, (counts, packed) in enumerate(((queries, form[0]), (keys, form[1]), (keys, form[1]))):
        heads = HEADS if i == 0 else 2
        if packed:
            x = sample((sum(counts) + spare, heads, FEATURES), dtype, -1, 1, seed=i)
            found = [p.transpose(0, 1)[None] for p in x[: sum(counts)].split(counts)]
        else:
            x = sample((len(counts), heads, max(counts), FEATURES), dtype, -1, 1, seed=i)
            found = [x[b : b + 1] if i == 0 else x[b : b + 1, :, :count] for b, count in enumerate(counts)]
        tensors.append(x)
        parts.append(found)
    return tensors, list(zip(*parts, strict=True))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "form", [(True, True), (True, False), (False, True)], ids=["both", "query", "key-value"]
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_packed_forms(dtype: torch.dtype, form: tuple[bool, bool], kind: Any) -> None:
    queries, keys = ([2, 4, 1] if form[0] else [3, 3, 3]), [3, 4, 5]
    tensors, sequences = packed_inputs(queries, keys, dtype, form, spare=2)
    extra: dict[str, Any] = {"key_value_lengths": 3}
    tensors.append(begins(*keys) if form[1] else lengths_of(*keys))
    if form[0]:
        extra["query_lengths"] = 4
        tensors.append(begins(*queries))
    build = attention(
        kind,
        query_form=Form.PACKED_NHD if form[0] else Form.PADDED_BHND,
        key_value_form=Form.PACKED_NHD if form[1] else Form.PADDED_BHND,
        **extra,
    )
    (y,) = run(build, tensors)
    wanted = [
        masked(*(x.double() for x in one), seen(kind, one[0].shape[2], one[1].shape[2])) for one in sequences
    ]
    if form[0]:
        exact = torch.cat([w[0].transpose(0, 1) for w in wanted])
        assert tuple(y.shape) == tuple(tensors[0].shape) and (y[sum(queries) :] == 0).all()
        y = y[: sum(queries)]
    else:
        exact = torch.cat(wanted)
    from tests.util.tolerance import tolerances

    torch.testing.assert_close(y, exact.to(dtype), **tolerances(dtype))


def test_packed_tokens_of_unknown_number() -> None:
    tensors, sequences = packed_inputs([2, 1], [3, 2], torch.float32, (True, True), spare=0)
    inputs = [*tensors, begins(3, 2), begins(2, 1)]
    build = attention(
        query_form=Form.PACKED_NHD, key_value_form=Form.PACKED_NHD, key_value_lengths=3, query_lengths=4
    )
    (y,) = run(
        build, inputs, [*(growing(x, 0) for x in tensors), growing(inputs[3], 0), growing(inputs[4], 0)]
    )
    wanted = [
        masked(*one, seen(Kind.NONE, one[0].shape[2], one[1].shape[2]))[0].transpose(0, 1)
        for one in sequences
    ]
    torch.testing.assert_close(y, torch.cat(wanted))


PACKED = {"query_form": Form.PACKED_NHD, "key_value_form": Form.PACKED_NHD}
Q, KV = sample((6, 4, 8)), sample((7, 4, 8))
REFUSALS = {
    "c4 rank of a packed query": (
        qkv(),
        {**PACKED, "query_lengths": 3, "key_value_lengths": 3},
        [begins(2)],
        "tokens",
    ),
    "c11 no lengths of queries": (
        [Q, KV, KV],
        {**PACKED, "key_value_lengths": 3},
        [begins(3, 4)],
        "query needs lengths",
    ),
    "c11 no lengths of keys": (
        [Q, KV, KV],
        {**PACKED, "query_lengths": 3},
        [begins(3, 3)],
        "values need lengths",
    ),
    "c11 rank": (qkv(), {"key_value_lengths": 3}, [lengths_of(1, 2)[None]], "lengths of rank 1"),
    "c12 padded": (qkv(), {"key_value_lengths": 3}, [begins(2, 3)], ""),
    "c12 packed": (
        [Q, KV, KV],
        {**PACKED, "query_lengths": 3, "key_value_lengths": 4},
        [begins(3, 3), begins(2, 2, 3)],
        "lengths are given for",
    ),
    "c12 empty": (
        [Q, KV, KV],
        {**PACKED, "query_lengths": 3, "key_value_lengths": 3},
        [lengths_of()],
        "[batch + 1]",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_attention_refuses(case: str) -> None:
    inputs, later, more, text = REFUSALS[case]
    assert text in build_error(attention(**later), [*inputs, *more])


def test_setters_of_lengths() -> None:
    s = Session()
    padded = [s.input(f"x{i}", tuple(x.shape)) for i, x in enumerate(qkv())]
    layer = s.network.add_attention_v2(*padded, SOFTMAX, Kind.NONE)
    assert layer.query_form == layer.key_value_form == Form.PADDED_BHND
    assert layer.query_lengths is None and layer.key_value_lengths is None
    assert "int32" in refused(s, layer, "key_value_lengths", s.input("long", (2,), trt.int64))  # c11
    layer.key_value_lengths = s.input("lengths", (2,), trt.int32)
    assert layer.key_value_lengths.name == "lengths"
    layer.key_value_lengths = None
    assert layer.key_value_lengths is None and s.logger.errors() == []
    layer.mask = s.input("mask", (2, 4, 3, 5))
    assert "takes no mask" in refused(s, layer, "query_form", Form.PACKED_NHD)  # c9


# ---- cache updates in packed form


def written(cache: torch.Tensor, update: torch.Tensor, at: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
    out = cache.clone()
    for i, row in enumerate(at.tolist()):
        for s, token in enumerate(range(int(first[i]), int(first[i + 1]))):
            if row >= 0 and row + s < cache.shape[2]:
                out[i, :, row + s] = update[token]
    return -out


def packed_update(n: Net, cache: Any, update: Any, at: Any, first: Any) -> Any:
    """Not the caller's memory: the result goes through another layer."""
    layer = n.add_kv_cache_update(cache, update, at, trt.KVCacheMode.LINEAR)
    layer.update_form, layer.update_lengths = Form.PACKED_NHD, first
    assert layer.update_form == Form.PACKED_NHD and layer.update_lengths is not None
    return n.add_unary(layer.get_output(0), trt.UnaryOperation.NEG)


@pytest.mark.parametrize("dynamic", DYNAMIC)
@pytest.mark.parametrize("at", [[0, 5, 1], [-1, 7, 100], [6, 0, -3]], ids=str)
@pytest.mark.parametrize("counts", [[1, 1, 1], [3, 0, 2], [0, 0, 0], [9, 1, 4]], ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_packed_updates(dtype: torch.dtype, counts: list[int], at: list[int], dynamic: bool) -> None:
    cache = sample((3, 2, 8, 4), dtype)
    update = sample((sum(counts) + 1, 2, 4), dtype, seed=1)  # one token that no sequence has
    inputs = [cache, update, lengths_of(*at), begins(*counts)]
    check_case(
        packed_update, inputs, written, dynamic=[None, growing(update, 0), None, None] if dynamic else False
    )


def test_packed_updates_refuse() -> None:
    cache, update, at, first = sample((2, 3, 8, 4)), sample((5, 3, 4)), lengths_of(0, 1), begins(2, 3)

    def without_lengths(n: Net, *x: Any) -> Any:
        layer = n.add_kv_cache_update(*x, trt.KVCacheMode.LINEAR)
        layer.update_form = Form.PACKED_NHD
        return layer

    def lengths_of_padded(n: Net, *x: Any) -> Any:
        layer = n.add_kv_cache_update(*x[:3], trt.KVCacheMode.LINEAR)
        layer.update_lengths = x[3]
        return layer

    assert "need their lengths" in build_error(without_lengths, [cache, update, at])  # c1
    padded = sample((2, 3, 2, 4))
    assert "those of packed updates" in build_error(lengths_of_padded, [cache, padded, at, first])  # c1
    assert "update of rank 3" in build_error(packed_update, [cache, padded, at, first])  # c4
    assert "[batch + 1]" in build_error(packed_update, [cache, update, at, begins(5)])  # c5


def test_setters_of_packed_updates() -> None:
    s = Session()
    cache, update, at = (
        s.input("cache", (2, 3, 8, 4)),
        s.input("update", (5, 3, 4)),
        s.input("at", (2,), trt.int32),
    )
    padded = s.input("padded", (2, 3, 1, 4))
    layer = s.network.add_kv_cache_update(cache, padded, at, trt.KVCacheMode.LINEAR)
    assert layer.update_form == Form.PADDED_BHND and layer.update_lengths is None
    layer.update_form = Form.PACKED_NHD
    layer.set_input(1, update)
    assert "int32" in refused(s, layer, "update_lengths", s.input("long", (3,), trt.int64))  # c3
    layer.update_lengths = s.input("lengths", (3,), trt.int32)
    assert layer.update_lengths.name == "lengths" and s.logger.errors() == []
    layer.update_lengths = None
    assert layer.update_lengths is None and s.logger.errors() == []


# ---- collectives and Squeeze


@pytest.mark.parametrize("dynamic", DYNAMIC)
@pytest.mark.parametrize("dtype", [*FLOATS, torch.int32])
@pytest.mark.parametrize(("op", "root"), [("ALL_TO_ALL", -1), ("GATHER", 0), ("SCATTER", 0)])
def test_collectives_of_one_rank(op: str, root: int, dtype: torch.dtype, dynamic: bool) -> None:
    def build(n: Net, x: Any) -> Any:
        return n.add_dist_collective(
            x, getattr(trt.CollectiveOperation, op), trt.ReduceOperation.NONE, root, []
        )

    check_case(build, [sample((4, 3), dtype)], lambda x: x, dynamic=dynamic)


@pytest.mark.parametrize(("op", "rows"), [("ALL_TO_ALL", 6), ("GATHER", 18), ("SCATTER", 2)])
def test_ranks_decide_the_shape(op: str, rows: int) -> None:
    s = Session()
    kind, root = getattr(trt.CollectiveOperation, op), -1 if op == "ALL_TO_ALL" else 0
    layer = s.network.add_dist_collective(s.input("x", (6, 3)), kind, trt.ReduceOperation.NONE, root, [])
    layer.num_ranks = 3
    assert tuple(layer.get_output(0).shape) == (rows, 3) and s.logger.errors() == []


@needs(OPTIONAL_AXES)
@pytest.mark.parametrize("shape", [(1, 3, 1, 2), (2, 3), (1, 1), (1, 0, 3)], ids=str)
def test_squeeze_without_axes(shape: tuple[int, ...]) -> None:
    check_case(lambda n, x: n.add_squeeze(x), [sample(shape)], torch.squeeze)


@needs(OPTIONAL_AXES)
def test_squeeze_without_axes_keeps_lengths_of_run_time() -> None:
    x = sample((3, 1, 2))
    check_case(lambda n, x: n.add_squeeze(x), [x], lambda x: x.squeeze(1), dynamic=[growing(x, 0)])


# ---- options


@needs("IBuilderConfig.build_route")
def test_build_routes() -> None:
    s = relu_network()
    assert s.config.build_route == "" and "options" in s.config.all_build_routes
    s.config.build_route = ""
    assert s.logger.errors() == []
    s.config.build_route = "another"
    assert "one route" in s.logger.last_error() and s.config.build_route == ""
    assert s.plan() is not None


@needs("IOptimizationProfile.profile_stream")
def test_streams_of_profiles() -> None:
    s = relu_network((-1, 3))
    profile = s.profile(x=((1, 3), (2, 3), (4, 3)))
    assert profile.profile_stream == 0
    profile.profile_stream = 16  # an address that nothing reads: measurements are what would run there
    assert profile.profile_stream == 16
    x, y = on_device(sample((2, 3))), on_device(torch.zeros(2, 3))
    context = s.engine().create_execution_context()
    assert context.set_input_shape("x", (2, 3)) and execute(context, x, y) and torch.equal(y, x.relu())


@needs("DLAWorkspaceAllocationStrategy")
def test_workspaces_of_dla() -> None:
    runtime, Strategy = trt.Runtime(Session().logger), trt.DLAWorkspaceAllocationStrategy
    assert runtime.dla_workspace_allocation_strategy == Strategy.DEFAULT
    runtime.dla_workspace_allocation_strategy = Strategy.SHARED_STATIC
    assert runtime.dla_workspace_allocation_strategy == Strategy.SHARED_STATIC


def test_auxiliary_streams_that_are_refused_change_nothing() -> None:
    s = relu_network()
    s.config.max_aux_streams = 2
    assert s.config.max_aux_streams == 2 and s.logger.errors() == []
    s.config.max_aux_streams = -1
    assert "-1 auxiliary streams" in s.logger.last_error() and s.config.max_aux_streams == 2
    engine = s.engine()
    assert 0 <= engine.num_aux_streams <= 2


def test_every_network_is_strongly_typed() -> None:
    s = Session(flags=0)
    assert s.network.get_flag(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    x, h = s.input("x", (2, 3)), s.input("h", (2, 3), trt.float16)
    assert s.network.add_elementwise(x, h, trt.ElementWiseOperation.SUM) is None
    assert "float16" in s.logger.last_error()
