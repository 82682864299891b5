"""Attention: masks, causal masking, groups of heads, a quantized softmax.
Constraints of core/engine/layers/attention.cpp."""

import math

import pytest
import tensorrt as trt
import torch

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, build_error, device, growing, run, sample
from tests.engine._members import needs, should_have
from tests.util.oracle import assert_close_or_as_good

if not should_have("INetworkDefinition.add_attention"):
    pytest.skip("these bindings know no attention", allow_module_level=True)

SOFTMAX, NONE = trt.AttentionNormalizationOp.SOFTMAX, trt.AttentionNormalizationOp.NONE


def qkv(dtype=torch.float32, heads=4, groups=4, queries=3, keys=5, batch=2):
    return [
        sample((batch, heads, queries, 8), dtype, -1, 1),
        sample((batch, groups, keys, 8), dtype, -1, 1, seed=1),
        sample((batch, groups, keys, 8), dtype, -1, 1, seed=2),
    ]


def attention(op=SOFTMAX, causal=False, **later):
    """`later` are properties of the layer; a tensor among them is given as the position of an argument."""

    def build(n, *tensors):
        layer = n.add_attention(*tensors[:3], op, causal)
        for name, value in later.items():
            setattr(layer, name, tensors[value] if type(value) is int else value)
        return layer.get_output(0)

    return build


def check(build, inputs, reference, dynamic=False):
    """Fused kernels round the weights before the second product, as PyTorch's own attention does."""
    (y,) = run(build, inputs, dynamic)
    exact = reference(*(x.double() if x.is_floating_point() else x for x in inputs))
    eager = reference(*(x.to(device()) for x in inputs)).to(y.dtype).cpu()
    assert_close_or_as_good(y, eager, lambda: exact, exact.to(y.dtype))


def scores(q, k):
    k = k.repeat_interleave(q.shape[1] // k.shape[1], 1) if k.shape[1] != q.shape[1] else k
    return q @ k.mT


def values(weights, v):
    return weights @ (
        v.repeat_interleave(weights.shape[1] // v.shape[1], 1) if v.shape[1] != weights.shape[1] else v
    )


def plain(q, k, v):
    return values(scores(q, k).softmax(-1), v)


def masked(q, k, v, mask):
    s = scores(q, k)
    return values((s.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else s + mask).softmax(-1), v)


def causal(q, k, v):
    return masked(q, k, v, torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril())


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("groups", [4, 2, 1])
@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax(dtype, groups, dynamic):
    inputs = qkv(dtype, groups=groups)
    ranges = [growing(x, 0, 2) for x in inputs] if dynamic else False
    check(attention(), inputs, plain, dynamic=ranges)
    check(attention(causal=True), inputs, causal, dynamic=ranges)
    check(attention(NONE), inputs, lambda q, k, v: values(scores(q, k), v), dynamic=ranges)


@pytest.mark.parametrize("shape", [(2, 4, 3, 5), (1, 1, 3, 5), (2, 1, 1, 5), (1, 1, 1, 1)])
@pytest.mark.parametrize("kind", ["bool", "added"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_masks(dtype, kind, shape):
    mask = sample(shape, dtype, -2, 2, seed=5)
    if kind == "bool":
        mask = sample(shape, torch.bool, seed=5)
        mask[..., 0] = True
    check(attention(mask=3), [*qkv(dtype), mask], masked)
    if kind == "added":
        check(attention(NONE, mask=3), [*qkv(dtype), mask], lambda q, k, v, m: values(scores(q, k) + m, v))


@pytest.mark.parametrize("decomposable", [False, True])
def test_a_query_that_sees_nothing_has_the_result_0(decomposable):
    mask = torch.ones(1, 1, 3, 5, dtype=torch.bool)
    mask[0, 0, 1] = False
    (y,) = run(attention(mask=3, decomposable=decomposable), [*qkv(), mask])
    assert (y[:, :, 1] == 0).all() and y[:, :, 0].isfinite().all()


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("dtype", FLOATS)
def test_quantized_softmax(dtype, rank):
    """The softmax takes the values of the type that it is quantized to,
    with a scale that keeps it in range."""
    scale = torch.full((1,) * rank, 1 / 127, dtype=dtype)
    build = attention(normalization_quantize_scale=3, normalization_quantize_to_type=trt.int8)
    check(
        build,
        [*qkv(dtype), scale],
        lambda q, k, v, s: values((scores(q, k).softmax(-1) / s).round().clamp(-128, 127) * s, v),
    )
    build = attention(normalization_quantize_scale=3, normalization_quantize_to_type=trt.fp8)
    check(
        build,
        [*qkv(dtype), scale],
        lambda q, k, v, s: values(
            (scores(q, k).softmax(-1) / s).float().to(torch.float8_e4m3fn).to(q.dtype) * s, v
        ),
    )


@pytest.mark.parametrize("shape", [(0, 4, 3), (2, 4, 0)])
def test_empty(shape):
    batch, heads, queries = shape
    check(attention(), qkv(batch=batch, heads=heads, queries=queries), plain)


def test_batches_broadcast():
    q, k, v = qkv()
    check(attention(), [q, k[:1], v], plain)


def wrong(change, **layer):
    inputs = qkv()
    change(inputs)
    return build_error(attention(**layer), inputs)


def put(index, value):
    return lambda inputs: inputs.__setitem__(index, value)


def add(*more):
    return lambda inputs: inputs.extend(more)


REFUSALS = {
    "c2 types differ": (put(1, sample((2, 4, 5, 8), torch.float16)), {}, "float16"),
    "c2 integers": (
        lambda i: i.__setitem__(slice(None), [x.to(torch.int32) for x in i]),
        {},
        "float32, float16 or bfloat16",
    ),
    "c4 rank": (put(0, sample((4, 3, 8))), {}, "[batch, heads, sequence, features] expected"),
    "c4 rank of the mask": (add(sample((3, 5))), {"mask": 3}, "a mask of rank 4"),
    "c5 batch": (put(1, sample((3, 4, 5, 8))), {}, "broadcast"),
    "c6 heads": (put(0, sample((2, 3, 3, 8))), {}, "multiple"),
    "c6 heads of the value": (put(2, sample((2, 2, 5, 8))), {}, "equally many heads"),
    "c7 features": (put(0, sample((2, 4, 3, 7))), {}, "equally many features"),
    "c7 length": (put(2, sample((2, 4, 6, 8))), {}, "equally long sequences"),
    "c8 mask": (add(sample((2, 3, 3, 5))), {"mask": 3}, "does not fit the scores"),
    "c10 scale alone": (add(sample(())), {"normalization_quantize_scale": 3}, "both a scale and a type"),
    "c10 type alone": (add(), {"normalization_quantize_to_type": trt.int8}, "both a scale and a type"),
    "c10 shape": (
        add(sample((2,))),
        {"normalization_quantize_scale": 3, "normalization_quantize_to_type": trt.int8},
        "has one element",
    ),
    "c10 no softmax": (
        add(sample(())),
        {"op": NONE, "normalization_quantize_scale": 3, "normalization_quantize_to_type": trt.int8},
        "there is none to quantize",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    change, layer, text = REFUSALS[case]
    assert text in wrong(change, **layer)


def test_setters_that_refuse():
    """c1 inputs, c9 a mask and causal masking, c10 other types, c11 types of scales."""
    from tests.engine._session import Session

    s = Session()
    tensors = [s.input(f"x{i}", tuple(x.shape)) for i, x in enumerate(qkv())]
    mask, whole = s.input("mask", (2, 4, 3, 5)), s.input("whole", (), trt.int32)
    layer = s.network.add_attention(*tensors, SOFTMAX, True)
    layer.mask = mask  # c9
    assert "masked or causal" in s.logger.last_error() and layer.mask is None
    layer.causal = False
    layer.mask = mask
    assert layer.mask is not None
    layer.causal = True  # c9
    assert "masked or causal" in s.logger.last_error() and not layer.causal
    layer.normalization_quantize_to_type = trt.int32  # c10
    assert "int8 or fp8" in s.logger.last_error()
    layer.normalization_quantize_scale = whole  # c10
    assert "scale of the quantized softmax" in s.logger.last_error()
    layer.mask = whole  # c3
    assert "bool or the query's type" in s.logger.last_error()
    assert not layer.set_input(7, mask)  # c1
    assert "inputs 0 query, 1 key, 2 value" in s.logger.last_error()


@needs("IAttention.metadata")
def test_what_the_network_shows():
    from tests.engine._session import Session

    s = Session()
    tensors = [s.input(f"x{i}", tuple(x.shape)) for i, x in enumerate(qkv())]
    layer = s.network.add_attention(*tensors, SOFTMAX, False)
    layer.name, layer.metadata = "attend", "of the first block"
    kinds = [s.network.get_layer(i).type for i in range(s.network.num_layers)]
    assert kinds == [trt.LayerType.ATTENTION_INPUT, trt.LayerType.ATTENTION_OUTPUT]
    assert (layer.num_inputs, layer.num_outputs, layer.name, layer.metadata) == (
        3,
        1,
        "attend",
        "of the first block",
    )
    assert layer.normalization_quantize_to_type == trt.float32 and not layer.decomposable
