"""Elementwise operators: rows where an operator chooses one engine operation,
functions where it composes several."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorrt as trt
import torch

import torch_tensorrt._C as _C
from torch_tensorrt.dynamo.conversion._builder import Builder, Value
from torch_tensorrt.dynamo.conversion._promote import Kind
from torch_tensorrt.dynamo.conversion._registry import converts
from torch_tensorrt.dynamo.conversion.converters._when import meta_dtype, no_bool, no_integers

aten = torch.ops.aten
Unary = trt.UnaryOperation
Activation = trt.ActivationType

# Rows of our own, where the builder has to look at more than the table says: integers (a rounding leaves
# them, a negation is 0 - x), or two layers for one operator.
UNARY_ROWS = (
    (aten.ceil.default, Unary.CEIL),
    (aten.floor.default, Unary.FLOOR),
    (aten.neg.default, Unary.NEG),
    (aten.round.default, Unary.ROUND),
)

# operators (Tensor, Scalar), builder method, promotion rule
BINARY_ROWS = (
    ((aten.div.Tensor, aten.div.Scalar), Builder.div, Kind.INT_TO_FLOAT),
    ((aten.true_divide.Tensor, aten.true_divide.Scalar), Builder.div, Kind.INT_TO_FLOAT),
    ((aten.ne.Tensor, aten.ne.Scalar), Builder.not_equal, Kind.ALWAYS_BOOL),
    ((aten.ge.Tensor, aten.ge.Scalar), Builder.greater_equal, Kind.ALWAYS_BOOL),
    ((aten.le.Tensor, aten.le.Scalar), Builder.less_equal, Kind.ALWAYS_BOOL),
)

BITWISE_ROWS = (
    ((aten.bitwise_and.Tensor, aten.bitwise_and.Scalar, aten.bitwise_and.Scalar_Tensor), Builder.logical_and),
    ((aten.bitwise_or.Tensor, aten.bitwise_or.Scalar, aten.bitwise_or.Scalar_Tensor), Builder.logical_or),
    ((aten.bitwise_xor.Tensor, aten.bitwise_xor.Scalar, aten.bitwise_xor.Scalar_Tensor), Builder.logical_xor),
)


def _register_rows() -> None:
    for schema, kind, operation, rule_name in _C.pointwise_table():
        _register_shared_row(overload_of(schema), kind, operation, Kind.__members__[rule_name])
    for target, unary_op in UNARY_ROWS:
        converts(target, when=no_bool)(_unary(unary_op, Kind.DEFAULT))
    for targets, method, rule in BINARY_ROWS:
        converts(*targets)(_binary(method, rule))
    for overloads, logic in BITWISE_ROWS:
        converts(*overloads, when=no_integers)(_logic(logic))


def overload_of(schema: str) -> torch._ops.OpOverload:
    """`aten::max.other` as torch.ops.aten.max.other."""
    name, _, overload = schema.removeprefix("aten::").partition(".")
    return getattr(getattr(aten, name), overload or "default")


def _register_shared_row(target: torch._ops.OpOverload, kind: str, operation: str, rule: Kind) -> None:
    """A row of the table that both front ends read: core/conversion/tables/pointwise.def."""
    if kind == "ACTIVATION":
        converts(target, when=no_bool)(_activation(getattr(Activation, operation), rule))
    elif kind == "UNARY":
        op = getattr(Unary, operation)
        converts(target, when=no_bool)(_test(op) if rule is Kind.ALWAYS_BOOL else _unary(op, rule))
    else:
        op = getattr(trt.ElementWiseOperation, operation)
        logic = {"AND": Builder.logical_and, "OR": Builder.logical_or, "XOR": Builder.logical_xor}
        make = _logic(logic[operation]) if kind == "LOGICAL" else _binary(_elementwise(op), rule)
        converts(target)(make)


def _elementwise(op: trt.ElementWiseOperation) -> Callable[..., Any]:
    return lambda b, x, y: b.elementwise(op, x, y)


def _test(op: trt.UnaryOperation) -> Callable[..., Any]:
    """isinf and isnan: False for every integer."""

    def convert(b: Builder, x: Value) -> Value:
        x = b.tensor(x)
        return b.unary(op, x) if b.dtype(x).is_floating_point else b.full_like(x, False, torch.bool)

    return convert


def _unary(op: trt.UnaryOperation, kind: Kind) -> Callable[..., Any]:
    def convert(b: Builder, x: Value) -> Value:
        (x,) = b.promote(x, kind=kind)
        return b.unary(op, x)

    return convert


def _activation(op: trt.ActivationType, kind: Kind) -> Callable[..., Any]:
    def convert(b: Builder, x: Value) -> Value:
        (x,) = b.promote(x, kind=kind)
        return b.activation(op, x)

    return convert


def _binary(method: Callable[..., Any], kind: Kind) -> Callable[..., Any]:
    def convert(b: Builder, x: Value, y: Value) -> Value:
        return method(b, *b.promote(x, y, kind=kind))

    return convert


def _logic(method: Callable[..., Any]) -> Callable[..., Any]:
    def convert(b: Builder, x: Value, y: Value) -> Value:
        return method(b, *b.promote(x, y))  # promoted first: a rank-0 constant keeps its place

    return convert


_register_rows()


@converts(aten.add.Tensor, aten.add.Scalar)
def add(b: Builder, x: Value, y: Value, alpha: Any = 1) -> Value:
    x, y = b.promote(x, y)
    return b.add(x, y if alpha == 1 else b.mul(y, b.number(alpha, b.dtype(y))))


# aten.add.Tensor has a keyword-only alpha, aten.add.Scalar a positional one: both reach the parameter of that
# name.
@converts(aten.sub.Tensor, aten.sub.Scalar, when=no_bool)
def sub(b: Builder, x: Value, y: Value, alpha: Any = 1) -> Value:
    x, y = b.promote(x, y)
    return b.sub(x, y if alpha == 1 else b.mul(y, b.number(alpha, b.dtype(y))))


@converts(aten.rsub.Tensor, aten.rsub.Scalar, when=no_bool)
def rsub(b: Builder, x: Value, y: Value, alpha: Any = 1) -> Value:
    return sub(b, y, x, alpha)


@converts(aten.div.Tensor_mode, aten.div.Scalar_mode)
def div_mode(b: Builder, x: Value, y: Value, *, rounding_mode: str | None) -> Value:
    if rounding_mode is None:
        return b.div(*b.promote(x, y, kind=Kind.INT_TO_FLOAT))
    x, y = b.promote(x, y)
    if rounding_mode == "floor":
        return b.floor_div(x, y)
    quotient = b.div(x, y)
    return truncated(b, quotient) if b.dtype(quotient).is_floating_point else quotient


@converts(aten.floor_divide.default, aten.floor_divide.Scalar)
def floor_divide(b: Builder, x: Value, y: Value) -> Value:
    return b.floor_div(*b.promote(x, y))


@converts(aten.remainder.Tensor, aten.remainder.Scalar)
def remainder(b: Builder, x: Value, y: Value) -> Value:
    """x - floor(x / y) * y: the sign follows the divisor."""
    x, y = b.promote(x, y)
    return b.sub(x, b.mul(b.floor_div(x, y), y))


@converts(aten.fmod.Tensor, aten.fmod.Scalar)
def fmod(b: Builder, x: Value, y: Value) -> Value:
    """x - trunc(x / y) * y: the sign follows the dividend."""
    x, y = b.promote(x, y)
    quotient = b.div(x, y)
    whole = truncated(b, quotient) if b.dtype(quotient).is_floating_point else quotient
    return b.sub(x, b.mul(whole, y))


@converts(aten.clamp.default, aten.clamp.Tensor, aten.clip.default, aten.clip.Tensor, when=no_bool)
def clamp(b: Builder, x: Value, low: Value | None = None, high: Value | None = None) -> Value:
    x, low, high = b.promote(x, low, high)
    if low is not None:
        x = b.maximum(x, low)
    if high is not None:
        x = b.minimum(x, high)
    return x


@converts(aten.clamp_min.default, aten.clamp_min.Tensor, when=no_bool)
def clamp_min(b: Builder, x: Value, low: Value) -> Value:
    return b.maximum(*b.promote(x, low))


@converts(aten.clamp_max.default, aten.clamp_max.Tensor, when=no_bool)
def clamp_max(b: Builder, x: Value, high: Value) -> Value:
    return b.minimum(*b.promote(x, high))


@converts(aten.where.self, aten.where.ScalarOther, aten.where.ScalarSelf)
def where(b: Builder, condition: Value, x: Value, y: Value) -> Value:
    x, y = b.promote(x, y)
    return b.select(b.cast(condition, torch.bool), x, y)


@converts(aten.masked_fill.Scalar, aten.masked_fill.Tensor)
def masked_fill(b: Builder, x: Value, mask: Value, value: Value) -> Value:
    """The value takes the tensor's type, whatever its own is."""
    return b.select(b.cast(mask, torch.bool), b.tensor(value, b.dtype(x)), x)


# ---- powers and roots


def known_integer_exponent(node: Any, settings: Any) -> str | None:
    """TensorRT's POW takes no integers; a product does, if the exponent is known."""
    if meta_dtype(node).is_floating_point:
        return None
    exponent = node.args[1]
    if type(exponent) is int and exponent >= 0:
        return None
    return "an integer power needs a known exponent that is not negative"


@converts(aten.pow.Tensor_Scalar, when=known_integer_exponent)
def pow_scalar(b: Builder, x: Value, exponent: Any) -> Value:
    """The exponents that torch computes by products and roots are computed so here too."""
    if not b.common_dtype(x, exponent).is_floating_point:
        x, power = b.promote(x, exponent)
        return b.pow(x, power)
    x, power = b.promote(x, exponent)
    if exponent == 2:
        return b.mul(x, x)
    if exponent == 3:
        return b.mul(b.mul(x, x), x)
    if exponent == 0.5:
        return b.unary(Unary.SQRT, x)
    if exponent == -1:
        return b.unary(Unary.RECIP, x)
    if exponent == -0.5:
        return b.unary(Unary.RECIP, b.unary(Unary.SQRT, x))
    return b.pow(x, power)


@converts(aten.pow.Tensor_Tensor, aten.pow.Scalar, when=known_integer_exponent)
def power(b: Builder, x: Value, y: Value) -> Value:
    return b.pow(*b.promote(x, y))


@converts(aten.square.default, when=no_bool)
def square(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return b.mul(x, x)


@converts(aten.rsqrt.default)
def rsqrt(b: Builder, x: Value) -> Value:
    """Rounded once: half types go through float32."""
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)
    return in_float32(b, x, lambda y: b.unary(Unary.RECIP, b.unary(Unary.SQRT, y)))


# ---- logarithms and exponentials


@converts(aten.log2.default)
def log2(b: Builder, x: Value) -> Value:
    return _log_of_base(b, x, math.log(2.0))


@converts(aten.log10.default)
def log10(b: Builder, x: Value) -> Value:
    return _log_of_base(b, x, math.log(10.0))


def _log_of_base(b: Builder, x: Value, log_of_base: float) -> Value:
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)
    return in_float32(b, x, lambda y: b.div(b.unary(Unary.LOG, y), log_of_base))


@converts(aten.log1p.default)
def log1p(b: Builder, x: Value) -> Value:
    """log(u) x / (u - 1) with u = 1 + x, and x where u is 1 (W. Kahan): exact also for small x."""
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)

    def exact(y: Value) -> Value:
        u = b.add(y, 1)
        ratio = b.div(b.mul(b.unary(Unary.LOG, u), y), b.sub(u, 1))
        flat = b.logical_or(b.equal(u, 1), b.unary(Unary.ISINF, u))
        return b.select(flat, b.select(b.equal(u, 1), y, u), ratio)

    return in_float32(b, x, exact)


@converts(aten.expm1.default)
def expm1(b: Builder, x: Value) -> Value:
    """(u - 1) x / log(u) with u = e^x, and x where u is 1 (W. Kahan): exact also for small x."""
    (x,) = b.promote(x, kind=Kind.INT_TO_FLOAT)

    def exact(y: Value) -> Value:
        u = b.unary(Unary.EXP, y)
        less_one = b.sub(u, 1)
        ratio = b.div(b.mul(less_one, y), b.unary(Unary.LOG, u))
        plain = b.logical_or(b.unary(Unary.ISINF, u), b.equal(less_one, -1))
        return b.select(b.equal(u, 1), y, b.select(plain, less_one, ratio))

    return in_float32(b, x, exact)


# ---- rounding, signs, tests


def truncated(b: Builder, x: Value) -> Value:
    """Towards zero."""
    return b.select(b.less(x, 0), b.unary(Unary.CEIL, x), b.unary(Unary.FLOOR, x))


@converts(aten.trunc.default, aten.fix.default, when=no_bool)
def trunc(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return truncated(b, x) if b.dtype(x).is_floating_point else x


@converts(aten.frac.default)
def frac(b: Builder, x: Value) -> Value:
    x = b.tensor(x)
    return b.sub(x, truncated(b, x))


@converts(aten.isfinite.default)
def isfinite(b: Builder, x: Value) -> Value:
    return b.logical_not(b.logical_or(_test(Unary.ISINF)(b, x), _test(Unary.ISNAN)(b, x)))


@converts(aten.logical_not.default)
def logical_not(b: Builder, x: Value) -> Value:
    return b.logical_not(x)


@converts(aten.bitwise_not.default)
def bitwise_not(b: Builder, x: Value) -> Value:
    """On two's complement integers: -1 - x."""
    x = b.tensor(x)
    return b.logical_not(x) if b.dtype(x) is torch.bool else b.sub(b.scalar(-1, x), x)


@converts(aten.atan2.default)
def atan2(b: Builder, y: Value, x: Value) -> Value:
    """atan(y / x), moved to the quadrant of (x, y); 0 at the origin."""
    y, x = b.promote(y, x, kind=Kind.INT_TO_FLOAT)

    def quadrants(y: Value, x: Value) -> Value:
        angle = b.unary(Unary.ATAN, b.div(y, x))
        half_turn = b.select(b.less(y, 0), b.scalar(-math.pi, y), b.scalar(math.pi, y))
        angle = b.select(b.less(x, 0), b.add(angle, half_turn), angle)
        upright = b.div(half_turn, 2)
        angle = b.select(b.equal(x, 0), upright, angle)
        return b.select(b.logical_and(b.equal(x, 0), b.equal(y, 0)), b.scalar(0, y), angle)

    dtype = b.dtype(y)
    wide = torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
    y, x = b.aligned(b.cast(y, wide), b.cast(x, wide))
    return b.cast(quadrants(y, x), dtype)


def in_float32(b: Builder, x: Value, compute: Callable[[Value], Value]) -> Value:
    """Computes half types in float32 and rounds once, as torch's own kernels do."""
    x = b.tensor(x)
    dtype = b.dtype(x)
    if dtype not in (torch.float16, torch.bfloat16):
        return compute(x)
    return b.cast(compute(b.cast(x, torch.float32)), dtype)
