"""One row per operator: traced, compiled to one engine, compared with eager in type and value."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.py.ts.harness import assert_same, compiled, engines_of, inputs_of


class Fn(nn.Module):
    def __init__(self, fn: Callable[..., Any]) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, *args: torch.Tensor) -> Any:
        return self.fn(*args)


@functools.cache
def floats(
    *shape: int, dtype: torch.dtype = torch.float32, low: float = -2.0, high: float = 2.0
) -> torch.Tensor:
    generator = torch.Generator().manual_seed(len(shape) + sum(shape))
    return (torch.rand(shape, generator=generator) * (high - low) + low).to(dtype)


@functools.cache
def integers(*shape: int, dtype: torch.dtype = torch.int64, low: int = -9, high: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randint(low, high, shape, generator=generator).to(dtype)


def check(fn: Callable[..., Any], *inputs: torch.Tensor) -> None:
    expected = fn(*inputs)  # before tracing, so that tensors made once are constants of the trace
    model = torch.jit.trace(Fn(fn), inputs, check_trace=False)
    module = compiled(model, inputs_of(*inputs), require_full_compilation=True)
    assert engines_of(module) == 1
    assert_same(module(*inputs), expected)


X = floats(2, 3, 4)
IMAGE = floats(1, 3, 8, 10)
POSITIVE = floats(2, 3, 4, low=0.1, high=3.0)
UNIT = floats(2, 3, 4, low=-0.9, high=0.9)
LONGS = integers(2, 3, 4)
MASK = floats(2, 3, 4) > 0

UNARY = [
    "abs", "exp", "sqrt", "log", "reciprocal", "sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan",
    "asinh", "atanh", "erf", "sign", "neg", "floor", "ceil", "round", "trunc", "relu",
    "sigmoid", "tanh", "square",
    "rsqrt", "log2", "log10", "isnan", "isinf", "isfinite", "logical_not", "exp2",
]  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str) -> None:
    x = (
        UNIT
        if name in ("asin", "acos", "atanh")
        else POSITIVE
        if name in ("sqrt", "log", "rsqrt", "log2", "log10")
        else X
    )
    check(getattr(torch, name), x)


@pytest.mark.parametrize(
    "name", ["abs", "exp", "sqrt", "sin", "sign", "neg", "relu", "sigmoid", "square", "logical_not", "floor"]
)
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_unary_of_integers(name: str, dtype: torch.dtype) -> None:
    check(getattr(torch, name), integers(2, 3, dtype=dtype, low=0 if name == "sqrt" else -9))


BINARY = [
    "add", "sub", "mul", "div", "maximum", "minimum", "eq", "ne", "gt", "ge", "lt", "le", "logical_and",
    "logical_or", "logical_xor", "remainder", "fmod", "floor_divide",
]  # fmt: skip
MIXES = {
    "float": (X, floats(3, 1)),
    "long": (LONGS, integers(3, 4, low=1)),
    "long, int": (LONGS, integers(4, dtype=torch.int32, low=1)),
    "half, float": (X.half(), floats(4, low=1.0)),
    "bfloat16, long": (X.bfloat16(), integers(4, low=1)),
    "bool, long": (MASK, integers(4, low=1)),
}


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str, mix: str) -> None:
    if name == "sub" and mix.startswith("bool"):
        pytest.skip("PyTorch subtracts no booleans")
    check(getattr(torch, name), *MIXES[mix])


@pytest.mark.parametrize("x", [X, X.half(), X.bfloat16(), LONGS, LONGS.int()], ids=lambda t: str(t.dtype))
@pytest.mark.parametrize(
    "fn",
    [lambda x: x + 1, lambda x: 2 - x, lambda x: x * 0.5, lambda x: x / 3, lambda x: x // 2, lambda x: x % 3,
     lambda x: torch.add(x, x, alpha=2), lambda x: x > 1, lambda x: x**2, lambda x: x.clamp(-1, 1),
     lambda x: x.clamp(min=0)],
)  # fmt: skip
def test_scalars(fn: Callable[..., Any], x: torch.Tensor) -> None:
    check(fn, x)


ROWS: dict[str, tuple[Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    "hardtanh": (lambda x: F.hardtanh(x, -0.5, 0.7), (X,)),
    "relu6": (lambda x: F.relu6(x * 5), (X,)),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), (X,)),
    "elu": (lambda x: F.elu(x, 1.5), (X,)),
    "selu": (F.selu, (X,)),
    "celu": (lambda x: F.celu(x, 1.3), (X,)),
    "gelu": (F.gelu, (X,)),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), (X,)),
    "silu": (F.silu, (X,)),
    "silu half": (F.silu, (X.half(),)),
    "mish": (F.mish, (X,)),
    "hardswish": (lambda x: F.hardswish(x * 4), (X,)),
    "hardsigmoid": (lambda x: F.hardsigmoid(x * 4), (X,)),
    "softplus": (lambda x: F.softplus(x, beta=2), (X,)),
    "logsigmoid": (F.logsigmoid, (X,)),
    "prelu": (lambda x: F.prelu(x, torch.tensor([0.1, 0.2, 0.3])), (X,)),
    "glu": (lambda x: F.glu(x, 2), (X,)),
    "pow tensor": (lambda x, y: torch.pow(x, y), (POSITIVE, X)),
    "pow float": (lambda x: x**2.5, (POSITIVE,)),
    "pow half": (lambda x: x**3, (X.half(),)),
    "pow long": (lambda x: x**5, (LONGS,)),
    "conv1d": (lambda x, w, b: F.conv1d(x, w, b, 2, 1), (floats(2, 3, 9), floats(4, 3, 3), floats(4))),
    "conv2d groups": (lambda x: F.conv2d(x, floats(6, 1, 3, 3), floats(6), 1, 2, 2, 3), (IMAGE,)),
    "conv2d same": (lambda x: F.conv2d(x, floats(4, 3, 3, 3), padding="same"), (IMAGE,)),
    "conv2d unbatched": (lambda x: F.conv2d(x, floats(4, 3, 3, 3)), (floats(3, 8, 8),)),
    "conv3d": (lambda x: F.conv3d(x, floats(4, 2, 2, 2, 2)), (floats(1, 2, 4, 5, 6),)),
    "conv_transpose1d": (lambda x: F.conv_transpose1d(x, floats(3, 4, 3), None, 2, 1, 1), (floats(1, 3, 5),)),
    "conv_transpose2d": (lambda x: F.conv_transpose2d(x, floats(3, 4, 3, 3), floats(4), 2, 1, 1), (IMAGE,)),
    "linear": (lambda x: F.linear(x, floats(5, 4), floats(5)), (X,)),
    "matmul": (torch.matmul, (X, floats(4, 5))),
    "matmul vectors": (torch.matmul, (floats(4), floats(4))),
    "matmul batch": (torch.matmul, (floats(5, 1, 3, 4), floats(2, 4, 6))),
    "bmm": (torch.bmm, (X, floats(2, 4, 5))),
    "addmm": (
        lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2),
        (floats(3, 5), floats(3, 4), floats(4, 5)),
    ),
    "baddbmm": (torch.baddbmm, (floats(2, 3, 5), X, floats(2, 4, 5))),
    "attention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        (floats(1, 2, 5, 8),) * 3,
    ),
    "einsum": (lambda a, b: torch.einsum("bij, bjk -> bik", a, b), (X, floats(2, 4, 5))),
    "lstm_cell": (
        lambda x, h, c: torch.lstm_cell(
            x, (h, c), floats(20, 4), floats(20, 5), floats(20), floats(20) * 0.5
        ),
        (floats(3, 4), floats(3, 5), floats(3, 5) * 0.5),
    ),
    "gru_cell": (
        lambda x, h: torch.gru_cell(x, h, floats(15, 4), floats(15, 5), floats(15), floats(15) * 0.5),
        (floats(3, 4), floats(3, 5)),
    ),
    "addcmul": (
        lambda x, y, z: (torch.addcmul(x, y, z, value=0.5), torch.addcdiv(x, y, z)),
        (X, X * 2, POSITIVE),
    ),
    "repeat_interleave": (lambda x: x.repeat_interleave(3, dim=1), (X,)),
    "layer_norm": (lambda x: F.layer_norm(x, (3, 4), floats(3, 4), floats(3, 4), 1e-3), (X,)),
    "group_norm": (lambda x: F.group_norm(x, 2, floats(4), floats(4)), (floats(2, 4, 5, 6),)),
    "instance_norm": (lambda x: F.instance_norm(x), (IMAGE,)),
    "batch_norm 2d": (lambda x: F.batch_norm(x, floats(3), POSITIVE[0, :, 0], eps=1e-2), (floats(5, 3),)),
    "batch_norm own statistics": (
        lambda x: F.batch_norm(x, None, None, floats(3), floats(3), training=True),
        (IMAGE,),
    ),
    "max_pool1d": (lambda x: F.max_pool1d(x, 2), (X,)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), (IMAGE,)),
    "max_pool3d": (lambda x: F.max_pool3d(x, 2), (floats(1, 2, 4, 4, 6),)),
    "max_pool2d ceil": (lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), (IMAGE,)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 2), (X,)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 3, 2, 1), (IMAGE,)),
    "avg_pool2d exclusive": (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), (IMAGE,)),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 3), (X,)),
    "adaptive_avg_pool2d one": (lambda x: F.adaptive_avg_pool2d(x, 1), (IMAGE,)),
    "adaptive_avg_pool2d even": (lambda x: F.adaptive_avg_pool2d(x, (4, 5)), (IMAGE,)),
    "adaptive_avg_pool2d uneven": (lambda x: F.adaptive_avg_pool2d(x, (3, 7)), (IMAGE,)),
    "adaptive_max_pool2d uneven": (lambda x: F.adaptive_max_pool2d(x, (3, 7)), (IMAGE,)),
    "softmax": (lambda x: F.softmax(x, 1), (X,)),
    "softmax dtype": (lambda x: F.softmax(x, -1, dtype=torch.float32), (X.half(),)),
    "log_softmax": (lambda x: F.log_softmax(x, -1), (X,)),
    "sum": (lambda x: x.sum(), (X,)),
    "sum dims long": (lambda x: x.sum([0, 2], keepdim=True), (LONGS.int(),)),
    "sum bool": (lambda x: x.sum(1), (MASK,)),
    "sum half": (lambda x: x.sum(-1), (X.half(),)),
    "mean": (lambda x: x.mean([1, 2]), (X,)),
    "prod": (lambda x: x.prod(1), (LONGS,)),
    "amax": (lambda x: x.amax([0, 1]), (LONGS.int(),)),
    "max all": (lambda x: (x.max(), x.min()), (LONGS,)),
    "max dim": (lambda x: tuple(x.max(1)), (X,)),
    "min dim": (lambda x: tuple(x.min(-1, keepdim=True)), (X,)),
    "any all": (lambda x: (x.any(1), x.all()), (MASK,)),
    "var std": (lambda x: (x.var(1), x.std([0, 2], unbiased=False)), (X,)),
    "norm": (lambda x: (x.norm(dim=1), torch.linalg.vector_norm(x, 1, (1, 2))), (X,)),
    "argmax": (lambda x: (x.argmax(1), x.argmin(-1, keepdim=True), x.argmax()), (X,)),
    "topk": (lambda x: tuple(x.topk(2, 1)), (X,)),
    "sort": (lambda x: tuple(x.sort(-1, descending=True)), (X,)),
    "cumsum": (lambda x: (x.cumsum(1), x.int().cumsum(-1)), (X,)),
    "view": (lambda x: x.view(2, -1), (X,)),
    "reshape": (lambda x: x.reshape(4, 3, 2), (X,)),
    "flatten": (lambda x: x.flatten(1), (X,)),
    "unflatten": (lambda x: x.unflatten(2, (2, -1)), (X,)),
    "permute": (lambda x: x.permute(2, 0, 1), (X,)),
    "transpose": (lambda x: x.transpose(0, -1), (X,)),
    "t": (lambda x: x.t(), (floats(3, 4),)),
    "squeeze": (lambda x: (x.squeeze(), x.squeeze(1)), (floats(2, 1, 3, 1),)),
    "unsqueeze": (lambda x: (x.unsqueeze(-1), x.unsqueeze(0)), (X,)),
    "expand": (lambda x: x.expand(4, -1, 5), (floats(3, 1),)),
    "repeat": (lambda x: x.repeat(2, 1, 3, 2), (X,)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (floats(1, 8, 3, 4),)),
    "movedim": (lambda x: x.movedim(0, -1), (X,)),
    "cat": (lambda x, y: torch.cat([x, y, x], 1), (X, LONGS)),
    "stack": (lambda x, y: torch.stack([x, y], -1), (X, X * 2)),
    "chunk": (lambda x: x.chunk(3, 2), (X,)),
    "split": (lambda x: (*x.split(3, 2), *x.split([1, 2], 1)), (X,)),
    "unbind": (lambda x: x.unbind(1), (X,)),
    "slice": (lambda x: (x[:, 1:], x[..., ::2], x[:, -2:-1], x[0], x[:, -1]), (X,)),
    "narrow": (lambda x: x.narrow(2, 1, 2), (X,)),
    "index_select": (lambda x, i: x.index_select(1, i), (X, torch.tensor([2, 0, 0, 1]))),
    "index": (lambda x, i: (x[i], x[:, i]), (X, torch.tensor([[1, 0], [0, 1]]))),
    "index pair": (
        lambda x, i, j: (x[i, j], x[:, i, j], x[i, :, j], x[i, 1]),
        (floats(3, 4, 5), torch.tensor([[1], [-1]]), torch.tensor([0, 3, 2])),
    ),
    "gather": (lambda x, i: x.gather(2, i), (X, integers(2, 3, 2, low=0, high=4))),
    "embedding": (lambda i: F.embedding(i, floats(10, 4)), (integers(2, 3, low=0),)),
    "one_hot": (lambda i: F.one_hot(i, 12), (integers(2, 3, low=0),)),
    "flip": (lambda x: x.flip(0, 2), (X,)),
    "roll": (lambda x: x.roll((1, -2), (1, 2)), (X,)),
    "tril triu": (lambda x: (x.tril(), x.triu(1)), (X,)),
    "where": (lambda m, x, y: (torch.where(m, x, y), torch.where(m, x, 0.0)), (MASK, X, floats(4))),
    "masked_fill": (lambda x, m: x.masked_fill(m, float("-inf")), (X.bfloat16(), MASK)),
    "masked_fill long": (lambda x, m: x.masked_fill(m, torch.iinfo(torch.int64).max), (LONGS, MASK)),
    "bitwise": (lambda m, n: (m & n, m | ~n, m ^ n), (MASK, ~MASK)),
    "bitwise_not": (lambda x: ~x, (LONGS,)),
    "to": (lambda x: (x.to(torch.int32), x.half(), x.bool(), x.long(), x.bfloat16()), (X,)),
    "uint8": (lambda x: x.float() / 255, (integers(2, 3, dtype=torch.uint8, low=0, high=255),)),
    "uint8 wraps": (lambda x: x + x, (integers(2, 3, dtype=torch.uint8, low=0, high=255),)),
    "type_as": (lambda x, y: y.type_as(x), (X.half(), LONGS)),
    "like": (lambda x: (torch.zeros_like(x), torch.ones_like(x) + x, torch.full_like(x, 3)), (LONGS,)),
    "nearest": (lambda x: F.interpolate(x, scale_factor=2), (IMAGE,)),
    "nearest uneven": (lambda x: F.interpolate(x, size=(5, 13)), (IMAGE,)),
    "bilinear": (lambda x: F.interpolate(x, size=(5, 13), mode="bilinear"), (IMAGE,)),
    "bilinear aligned": (
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
        (IMAGE,),
    ),
    "trilinear": (lambda x: F.interpolate(x, scale_factor=2, mode="trilinear"), (floats(1, 2, 3, 4, 5),)),
    "pad": (lambda x: (F.pad(x, (1, 2, 0, 3), value=1.5), F.pad(x, (-1, 2))), (IMAGE,)),
    "pad reflect": (lambda x: F.pad(x, (2, 1, 1, 3), mode="reflect"), (IMAGE,)),
    "pad replicate": (lambda x: F.pad(x, (2, 1, 1, 3), mode="replicate"), (IMAGE,)),
    "clamp tensor": (lambda x, y: torch.clamp(x, y, y + 1), (X, floats(4))),
    "scalar tensor": (lambda x, s: (x * s, s + 1), (X, torch.tensor(2.5))),
}


@pytest.mark.parametrize("name", ROWS)
def test_row(name: str) -> None:
    fn, inputs = ROWS[name]
    check(fn, *inputs)
