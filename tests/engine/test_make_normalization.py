"""Normalizations written as parts become one layer."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from tests.engine._case import FLOATS, STATIC_AND_DYNAMIC, check, growing, sample
from tests.engine._normalization_parts import (
    BETA,
    EPSILON,
    GAMMA,
    OP,
    PASS,
    WAYS,
    Parts,
    X,
    exact,
    kinds,
    layer_norm,
)
from tests.engine._passes import built, check_fused

HALVES = [torch.float16, torch.bfloat16]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("square", "root", "mean"), WAYS)
def test_layer_norm(square, root, mean, dtype):
    check_fused(layer_norm(square, root, mean), [sample(X, dtype)], exact(dtype=dtype), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("gamma", "beta"), [(None, None), (GAMMA, None), (None, BETA)], ids=["none", "scale", "bias"]
)
def test_absent_parameters(gamma, beta, dtype):
    check_fused(layer_norm(gamma=gamma, beta=beta), [sample(X, dtype)], exact(gamma, beta, dtype=dtype), PASS)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [X, (0, 5, 16), (1, 1, 16)], ids=str)
def test_lengths_of_run_time(shape, dtype, dynamic):
    """The rows' number may be unknown, not their length."""
    x = sample(shape, dtype)
    spans = [growing(x, 0, 1)] if dynamic else False
    check(layer_norm(), [x], exact(dtype=dtype), dynamic=spans)


def test_rows_of_several_axes():
    gamma, beta = sample((1, 5, 16), seed=3), sample((1, 5, 16), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(1, 2))
    check_fused(build, [sample(X)], exact(gamma, beta, (1, 2)), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_axes_in_front(dtype):
    gamma, beta = sample((1, 5, 1), low=0.5, high=2, seed=3), sample((1, 5, 1), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(1,))
    check_fused(build, [sample(X, dtype)], exact(gamma, beta, (1,), dtype=dtype), PASS)


@pytest.mark.parametrize("dtype", FLOATS)
def test_instance_norm(dtype):
    gamma, beta = sample((1, 6, 1, 1), low=0.5, high=2, seed=3), sample((1, 6, 1, 1), seed=4)
    build = layer_norm(gamma=gamma, beta=beta, axes=(2, 3))
    check_fused(build, [sample((2, 6, 4, 3), dtype)], exact(gamma, beta, (2, 3), dtype=dtype), PASS)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("split", [(2, 3, 24), (2, 3, 2, 4, 3)], ids=str)
def test_group_norm(split, dtype, affine):
    gamma, beta = sample((1, 6, 1, 1), low=0.5, high=2, seed=3), sample((1, 6, 1, 1), seed=4)

    def build(n, x):
        def shaped(x, shape):
            layer = n.add_shuffle(x)
            layer.reshape_dims = shape
            return layer.get_output(0)

        rows = layer_norm(gamma=None, beta=None, axes=range(2, len(split)))(n, shaped(x, split))
        y = shaped(rows, (2, 6, 4, 3))
        p = Parts(n)
        if affine:
            y = p.binary(
                OP.SUM, p.binary(OP.PROD, y, n.constant(gamma.to(dtype))), n.constant(beta.to(dtype))
            )
        return y

    def reference(x):
        given = (gamma, beta) if affine else (None, None)
        flat = [None if g is None else g.to(dtype).double().flatten() for g in given]
        return F.group_norm(x, 3, *flat, eps=EPSILON)

    x = sample((2, 6, 4, 3), dtype)
    check_fused(build, [x], reference, PASS)
    assert kinds(build, [x]) == ["Normalization"]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("late", [False, True], ids=["parameters in half", "parameters in float32"])
def test_float32_inside(late, dtype):
    """As models write it: cast, normalize, cast back, before or after scale and bias."""

    def build(n, x):
        p = Parts(n)
        wide = p.cast(x, torch.float32)
        if late:
            return p.cast(layer_norm()(n, wide), dtype)
        y = p.cast(layer_norm(gamma=None, beta=None)(n, wide), dtype)
        y = p.binary(OP.PROD, n.constant(GAMMA.to(dtype)), y)
        return p.binary(OP.SUM, y, n.constant(BETA.to(dtype)))

    x = sample(X, dtype, 90, 100)
    reference = exact(dtype=torch.float32 if late else dtype)
    check_fused(build, [x], reference, PASS)
    check(build, [x], reference)


@pytest.mark.parametrize("dtype", HALVES)
def test_result_in_float32(dtype):
    """Without a cast back the result stays wide."""

    def build(n, x):
        return layer_norm(gamma=None, beta=None)(n, Parts(n).cast(x, torch.float32))

    check_fused(build, [sample(X, dtype)], exact(None, None), PASS)
    check(build, [sample(X, dtype)], exact(None, None), dtypes=[torch.float32])


def test_one_difference_or_two():
    check_fused(layer_norm(twice=True), [sample(X)], exact(), PASS)


def test_scale_before_the_quotient():
    def build(n, x):
        p = Parts(n)
        d = p.binary(OP.SUB, x, p.mean(x))
        y = p.divided(p.binary(OP.PROD, n.constant(GAMMA), d), p.mean(p.square(d)), "div")
        return p.binary(OP.SUM, y, n.constant(BETA))

    check_fused(build, [sample(X)], exact(), PASS)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("back", [False, True], ids=["result in float32", "cast back"])
def test_casts_around_the_layer(back, dtype):
    """The layer itself in float32, with parameters in float32."""

    def build(n, x):
        p = Parts(n)
        layer = n.add_normalization(p.cast(x, torch.float32), n.constant(GAMMA), n.constant(BETA), 4)
        layer.epsilon = EPSILON
        return p.cast(layer.get_output(0), dtype) if back else layer.get_output(0)

    x = sample(X, dtype)
    check_fused(build, [x], exact(), PASS)
    check(build, [x], exact(), dtypes=[dtype if back else torch.float32])
    assert kinds(build, [x]) == ["RowNormalization"]


def test_narrowing_in_front_stays():
    """What is rounded before it is normalized stays rounded."""

    def build(n, x):
        p = Parts(n)
        return p.cast(
            n.add_normalization(
                p.cast(x, torch.float16), n.constant(GAMMA.half()), n.constant(BETA.half()), 4
            ).get_output(0),
            torch.float32,
        )

    assert PASS not in built(build, [sample(X)])[1]


# ---- root mean square


def rms_norm(form, dtype, gamma=GAMMA):
    """`form`: how models order casts and weight."""

    def build(n, x):
        p = Parts(n)
        wide = x if form == "plain" else p.cast(x, torch.float32)
        weight = (
            None
            if gamma is None
            else n.constant(gamma.to(torch.float32 if form == "float32 weight" else dtype))
        )
        squares = p.square(wide, "pow")
        if form == "t5":  # the half value is widened again
            y = p.divided(p.cast(x, torch.float32), p.mean(squares), "recip")
        else:
            y = p.divided(wide, p.mean(squares), "recip")
        if form == "float32 weight":
            return p.cast(p.binary(OP.PROD, weight, y), dtype)
        y = y if form == "plain" else p.cast(y, dtype)
        return y if weight is None else p.binary(OP.PROD, weight, y)

    return build


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("form", ["plain", "llama", "t5", "float32 weight"])
def test_rms_norm(form, dtype):
    if dtype == torch.float32 and form != "plain":
        pytest.skip("no casts to place")
    x = sample(X, dtype)
    weight = torch.float32 if form == "float32 weight" else dtype
    check_fused(rms_norm(form, dtype), [x], exact(beta=None, center=False, dtype=weight), PASS)
    check(
        rms_norm(form, dtype), [x], exact(beta=None, center=False, dtype=weight), dynamic=[growing(x, 0, 1)]
    )
    assert kinds(rms_norm(form, dtype), [x]) == ["RowNormalization"]


@pytest.mark.parametrize("dtype", FLOATS)
def test_rms_norm_without_weight(dtype):
    form = "plain" if dtype == torch.float32 else "llama"
    for shape in (X, (0, 5, 16)):
        check_fused(
            rms_norm(form, dtype, None), [sample(shape, dtype)], exact(None, None, center=False), PASS
        )


def test_large_squares_of_halves():
    """Squares that float16 cannot hold."""
    x = sample(X, torch.float16, 300, 3000)
    check(rms_norm("plain", torch.float16), [x], exact(beta=None, center=False, dtype=torch.float16))
