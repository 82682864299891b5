"""RotaryEmbedding with and without positions, in both pairings, of all features or some."""

import pytest
import torch

from tests.engine._case import FLOATS, INDICES, build_error, check, sample
from tests.engine._members import needs
from tests.engine._session import Session

pytestmark = needs("IRotaryEmbeddingLayer")


def rotary(interleaved=False, dim=0):
    def build(n, x, cos, sin, *positions):
        layer = n.add_rotary_embedding(x, cos, sin, interleaved, dim)
        if positions:
            layer.set_input(3, positions[0])
        return layer

    return build


def rotated(interleaved=False, dim=0):
    def reference(x, cos, sin, *positions):
        if positions:
            row = positions[0].long().clamp(0, cos.shape[0] - 1)
            cos, sin = cos[row], sin[row]
        cos, sin, dim_or_all = cos[:, None], sin[:, None], dim or x.shape[-1]
        y, half = x.clone(), dim_or_all // 2
        first = slice(0, dim_or_all, 2) if interleaved else slice(0, half)
        second = slice(1, dim_or_all, 2) if interleaved else slice(half, dim_or_all)
        a, b = x[..., first], x[..., second]
        y[..., first], y[..., second] = a * cos - b * sin, a * sin + b * cos
        return y

    return reference


def operands(shape, dtype, dim=0, rows=None, index_type=torch.int64):
    """x, cosines, sines, and positions in a table of `rows`, some of them outside."""
    batch, _, length, features = shape
    pairs = (dim or features) // 2
    angles = sample((batch, length, pairs) if rows is None else (rows, pairs), torch.float64)
    inputs = [sample(shape, dtype), angles.cos().to(dtype), angles.sin().to(dtype)]
    return inputs if rows is None else [*inputs, sample((batch, length), index_type, -1, rows + 2)]


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "dim"),
    [
        ((2, 3, 5, 8), 0),
        ((2, 3, 5, 8), 4),
        ((1, 1, 1, 2), 2),
        ((2, 0, 3, 4), 0),
        ((2, 2, 0, 4), 0),
        ((0, 2, 3, 4), 2),
    ],
)
def test_angles_of_every_place(shape, dim, dtype, interleaved, dynamic):
    inputs = operands(shape, dtype, dim)
    if dynamic:
        batch, heads, length, features = shape
        low, high = (batch, heads, length), (batch + 1, heads + 1, length + 2)
        angles = inputs[1].shape[-1]
        spans = [((*s, features), (s[0], s[2], angles)) for s in (low, low, high)]
        x, cos = zip(*spans, strict=True)
        dynamic = [x, cos, cos]
    check(rotary(interleaved, dim), inputs, rotated(interleaved, dim), dynamic=dynamic)


@pytest.mark.parametrize("index_type", INDICES)
@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "dim"), [((2, 3, 5, 8), 0), ((2, 3, 5, 8), 6), ((1, 2, 4, 6), 2), ((2, 0, 3, 4), 0)]
)
def test_positions(shape, dim, dtype, interleaved, index_type):
    inputs = operands(shape, dtype, dim, rows=7, index_type=index_type)
    check(rotary(interleaved, dim), inputs, rotated(interleaved, dim))


def test_positions_of_unknown_lengths():
    inputs = operands((2, 3, 5, 8), torch.float32, rows=7)
    check(rotary(), inputs, rotated(), dynamic=True)


def test_no_rows_and_nothing_to_rotate():
    inputs = operands((2, 3, 0, 8), torch.float32, rows=1)
    inputs[1:3] = [inputs[1][:0], inputs[2][:0]]
    check(rotary(), inputs, lambda x, *_: x)


X, COS, SIN = operands((2, 3, 5, 8), torch.float32)
TABLE = [sample((9, 4)), sample((9, 4), seed=1)]
POSITIONS = sample((2, 5), torch.int64, 0, 9)
REFUSED = {
    "RotaryEmbedding c1: integers": (rotary(), [X.int(), COS.int(), SIN.int()], "int32"),
    "RotaryEmbedding c1: two types": (rotary(), [X, COS.half(), SIN], "need one type"),
    "RotaryEmbedding c1: positions": (rotary(), [X, *TABLE, POSITIONS.float()], "positions"),
    "RotaryEmbedding c2: rank": (rotary(), [X[0], COS, SIN], "four axes"),
    "RotaryEmbedding c3: odd": (rotary(dim=3), [X, COS, SIN], "not an even number"),
    "RotaryEmbedding c3: negative": (rotary(dim=-2), [X, COS, SIN], "not an even number"),
    "RotaryEmbedding c3: odd features": (rotary(), [X[..., :7], COS[..., :3], SIN[..., :3]], "in pairs"),
    "RotaryEmbedding c4: more than there are": (rotary(dim=10), [X, COS, SIN], "above the 8 features"),
    "RotaryEmbedding c5: lengths": (rotary(), [X, COS[..., :3], SIN[..., :3]], "expected [2, 5, 4]"),
    "RotaryEmbedding c5: two shapes": (rotary(), [X, *TABLE[:1], TABLE[1][:3], POSITIONS], "sines (input 2)"),
    "RotaryEmbedding c5: a table without positions": (rotary(), [X, *TABLE], "expected [2, 5, 4]"),
    "RotaryEmbedding c5: no table with positions": (rotary(), [X, COS, SIN, POSITIONS], "expected [-1, 4]"),
    "RotaryEmbedding c6: positions": (rotary(), [X, *TABLE, POSITIONS[:1]], "expected [2, 5]"),
    "RotaryEmbedding c7: no rows": (rotary(), [X, TABLE[0][:0], TABLE[1][:0], POSITIONS], "no rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name):
    build, inputs, message = REFUSED[name]
    assert message in build_error(build, inputs)


def test_the_setter_refuses_odd_dimensions():
    """RotaryEmbedding c3"""
    session = Session()
    x = session.input("x", (2, 3, 5, 8))
    cos, sin = session.input("cos", (2, 5, 2)), session.input("sin", (2, 5, 2))
    layer = session.network.add_rotary_embedding(x, cos, sin, False, 4)
    layer.rotary_embedding_dim = 5
    assert "not an even number" in session.logger.last_error()
    assert layer.rotary_embedding_dim == 4
