"""Rows of arithmetic, comparisons, reductions."""

from __future__ import annotations

import torch

from tests.ops._case import ALL, FLOATS, INTEGERS, NUMBERS, case, x

BIG = 40000  # products of such integers need more than 24 bits

# ---- one operand

for name in ("cos", "sin", "tanh", "sigmoid", "exp", "erf", "atan", "asinh", "sinh", "expm1", "tan"):
    case(name, getattr(torch, name), x(3, 4, low=-1.4, high=1.4), dtypes=(*FLOATS, torch.int32))
for name in ("acos", "asin", "atanh"):
    case(name, getattr(torch, name), x(3, 4, low=-0.9, high=0.9))
for name in ("sqrt", "log", "rsqrt", "log2", "log10", "log1p", "reciprocal"):
    case(name, getattr(torch, name), x(3, 4, low=0.3, high=5), dtypes=FLOATS)
case("acosh", torch.acosh, x(3, 4, low=1.2, high=5))
case("cosh", torch.cosh, x(3, 4))
for name in ("ceil", "floor", "trunc", "round"):
    case(name, getattr(torch, name), x(3, 4, low=-9, high=9), dtypes=(*FLOATS, torch.int32))
case("round_half_to_even",
     lambda a: torch.round(a * 0 + torch.tensor([0.5, 1.5, 2.5, -0.5], device=a.device)), x(3, 4),
     dtypes=(torch.float32,))
case("frac", torch.frac, x(3, 4, low=-9, high=9))
for name in ("abs", "neg", "sign"):
    case(name, getattr(torch, name), x(3, 4, low=-BIG, high=BIG), dtypes=NUMBERS)
case("neg_beyond_2**24", torch.neg, x(3, 4, low=2**40, high=2**41), dtypes=(torch.int64,))
case("isnan", lambda a: torch.isnan(torch.log(a)), x(3, 4))
case("isinf", lambda a: torch.isinf(1 / torch.relu(a)), x(3, 4))
case("isfinite", lambda a: torch.isfinite(torch.log(a)), x(3, 4))
case("logical_not", torch.logical_not, x(3, 4, low=-1, high=2), dtypes=ALL)
case("bitwise_not", torch.bitwise_not, x(3, 4, low=-9, high=9), dtypes=(torch.bool, *INTEGERS))
case("scalar", lambda a: (a.sum() * 2).exp(), x(3, low=-0.2, high=0.2))
case("empty", lambda a: torch.relu(a) + 1, x(0, 3), dynamic=False)

# ---- two operands

for name in ("add", "sub", "mul", "maximum", "minimum"):
    case(name, getattr(torch, name), x(3, 4, low=-BIG, high=BIG), x(3, 4, low=-BIG, high=BIG), dtypes=NUMBERS)
case("add_alpha", lambda a, b: torch.add(a, b, alpha=3), x(3, 4), x(3, 4), dtypes=NUMBERS)
case("sub_alpha", lambda a, b: torch.sub(a, b, alpha=3), x(3, 4), x(3, 4), dtypes=NUMBERS)
case("rsub", lambda a: torch.rsub(a, 3), x(3, 4, low=-9, high=9), dtypes=NUMBERS)
case("add_bool", torch.add, x(3, 4), x(3, 4), dtypes=(torch.bool,))
case("mul_bool", torch.mul, x(3, 4), x(3, 4), dtypes=(torch.bool,))
case("add_broadcast", torch.add, x(3, 1, 4), x(5, 1, dynamic=False), dtypes=NUMBERS)
case("div", torch.div, x(3, 4, low=-9, high=9), x(3, 4, low=1, high=7), dtypes=NUMBERS)
case("div_floor", lambda a, b: torch.div(a, b, rounding_mode="floor"), x(3, 4, low=-9, high=9),
     x(3, 4, low=1, high=7),
     dtypes=NUMBERS)
case("div_trunc", lambda a, b: torch.div(a, b, rounding_mode="trunc"), x(3, 4, low=-9, high=9),
     x(3, 4, low=1, high=7),
     dtypes=NUMBERS)
case("floor_divide", torch.floor_divide, x(3, 4, low=-90, high=90), x(3, 4, low=1, high=7), dtypes=NUMBERS)
case("remainder", torch.remainder, x(3, 4, low=-9, high=9), x(3, 4, low=1, high=7),
     dtypes=(torch.float32, *INTEGERS))
case("remainder_negative", lambda a: torch.remainder(a, -4), x(3, 4, low=-9, high=9),
     dtypes=(torch.float32, *INTEGERS))
case("fmod", torch.fmod, x(3, 4, low=-9, high=9), x(3, 4, low=1, high=7), dtypes=(torch.float32, *INTEGERS))
case("pow_2", lambda a: a**2, x(3, 4), dtypes=NUMBERS)
case("pow_3", lambda a: a**3, x(3, 4, low=-9, high=9), dtypes=NUMBERS)
case("pow_half", lambda a: a**0.5, x(3, 4, low=0.5, high=4))
case("pow_minus", lambda a: a**-1.0, x(3, 4, low=0.5, high=4))
case("pow_float_of_int", lambda a: a**1.5, x(3, 4, low=1, high=9), dtypes=INTEGERS)
case("pow_tensor", torch.pow, x(3, 4, low=0.5, high=4), x(3, 4))
case("pow_scalar_base", lambda a: 2.0**a, x(3, 4), dtypes=(*FLOATS, torch.int32))
case("square", torch.square, x(3, 4), dtypes=NUMBERS)
case("atan2", torch.atan2, x(3, 4), x(3, 4))
case("atan2_axes", lambda a: torch.atan2(a, a * 0), x(3, 4))
case("clamp", lambda a: a.clamp(-1, 1), x(3, 4), dtypes=NUMBERS)
case("clamp_low", lambda a: a.clamp(min=-1), x(3, 4), dtypes=NUMBERS)
case("clamp_tensor", torch.clamp, x(3, 4), x(4, low=-1, high=0, dynamic=False),
     x(4, low=0, high=1, dynamic=False))

# ---- Python numbers and 0-dim tensors are weak

case("int_times_half", lambda a: a * 0.5, x(3, 4, low=-9, high=9), dtypes=INTEGERS)
case("half_plus_number", lambda a: a + 2.5, x(3, 4))
case("half_plus_0dim_float32", lambda a: a + torch.tensor(2.5), x(3, 4))
case("int32_plus_int", lambda a: a + 7, x(3, 4, low=-9, high=9), dtypes=INTEGERS)
case("bool_times_two", lambda a: a * 2, x(3, 4), dtypes=(torch.bool,))
case("half_times_int64", torch.mul, x(3, 4), x(3, 4, low=-9, high=9, dtype=torch.int64))
case("int32_plus_int64", torch.add, x(3, 4, low=-9, high=9, dtype=torch.int32),
     x(3, 4, low=2**40, high=2**41, dtype=torch.int64),
     dtypes=(torch.int64,))
case("int64_over_int64", torch.div, x(3, 4, low=-9, high=9), x(3, 4, low=1, high=5), dtypes=(torch.int64,))
case("int_compared_with_half", lambda a: a > 1.5, x(3, 4, low=-9, high=9), dtypes=INTEGERS)

# ---- comparisons and logic

for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    op = getattr(torch, name)
    case(name, op, x(3, 4, low=-2, high=2), x(3, 4, low=-2, high=2), dtypes=ALL)
    case(f"{name}_scalar", lambda a, op=op: op(a, 1), x(3, 4, low=-2, high=3), dtypes=NUMBERS)
case("ge_nan", lambda a: torch.log(a) >= torch.log(a), x(3, 4), dtypes=(torch.float32,))
for name in ("logical_and", "logical_or", "logical_xor"):
    case(name, getattr(torch, name), x(3, 4, low=-1, high=2), x(3, 4, low=-1, high=2),
         dtypes=(torch.bool, torch.int32))
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(name, getattr(torch, name), x(3, 4), x(3, 4), dtypes=(torch.bool,))
case("where", lambda c, a, b: torch.where(c, a, b), x(3, 4, dtype=torch.bool), x(3, 4), x(3, 4), dtypes=ALL)
case("where_scalar", lambda c, a: torch.where(c, a, 0.5), x(3, 4, dtype=torch.bool), x(3, 4), dtypes=NUMBERS)
case("where_mixed", lambda c, a, b: torch.where(c, a, b), x(3, 4, dtype=torch.bool),
     x(3, 4, dtype=torch.float32), x(3, 4))
case("masked_fill", lambda a, m: a.masked_fill(m, -float("inf")), x(3, 4), x(3, 4, dtype=torch.bool))
case("masked_fill_int64", lambda a, m: a.masked_fill(m, 2**40), x(3, 4, low=-9, high=9),
     x(3, 4, dtype=torch.bool), dtypes=(torch.int64,))

# ---- reductions

for name in ("sum", "mean", "amax", "amin"):
    op, kinds = getattr(torch, name), FLOATS if name == "mean" else NUMBERS
    case(name, lambda a, op=op: op(a, 1), x(3, 4, 5), dtypes=kinds)
    case(f"{name}_keep", lambda a, op=op: op(a, (1, 2), keepdim=True), x(3, 4, 5), dtypes=(torch.float32,))
case("sum_all", torch.sum, x(3, 4), dtypes=(torch.float32, *INTEGERS, torch.bool))
case("sum_of_int32_is_int64", lambda a: a.sum(1), x(3, 4, low=2**30, high=2**31 - 1), dtypes=(torch.int32,))
case("sum_dtype", lambda a: a.sum(1, dtype=torch.float32), x(3, 4), dtypes=NUMBERS)
case("mean_all", torch.mean, x(3, 4))
case("prod", lambda a: a.prod(1), x(3, 4), dtypes=(torch.float32, *INTEGERS))
case("prod_all", torch.prod, x(3, 4, low=0.5, high=1.5), dtypes=(torch.float32,))
case("max_all", torch.max, x(3, 4), dtypes=NUMBERS)
case("min_all", torch.min, x(3, 4), dtypes=NUMBERS)
case("max_dim", lambda a: torch.max(a, 1), x(3, 6, low=-99, high=99),
     dtypes=(torch.float32, torch.bfloat16, *INTEGERS))
case("min_dim", lambda a: torch.min(a, 1, keepdim=True), x(3, 6, low=-99, high=99),
     dtypes=(torch.float32, *INTEGERS))
case("amax_beyond_2**24", lambda a: a.amax(1), x(3, 4, low=2**40, high=2**41), dtypes=(torch.int64,))
case("any", lambda a: a.any(1), x(3, 4), dtypes=(torch.bool, torch.float32, torch.int64))
case("all", lambda a: a.all(1), x(3, 2), dtypes=(torch.bool, torch.int64))
case("any_all", torch.any, x(3, 4), dtypes=(torch.bool,))
case("all_all", torch.all, x(3, 4), dtypes=(torch.bool,))
case("argmax", lambda a: a.argmax(1), x(3, 6, low=-99, high=99),
     dtypes=(torch.float32, torch.float16, *INTEGERS))
case("argmax_flat", torch.argmax, x(3, 6), dtypes=(torch.float32,))
case("argmin_keep", lambda a: a.argmin(1, keepdim=True), x(3, 6, low=-99, high=99),
     dtypes=(torch.float32, torch.int64))
case("topk", lambda a: a.topk(3, 1), x(3, 6, low=-99, high=99), dtypes=(torch.float32, torch.int64))
case("topk_smallest", lambda a: a.topk(2, 1, largest=False), x(3, 6), dtypes=(torch.float32,))
case("topk_vector", lambda a: a.topk(2), x(6), dtypes=(torch.float32,), dynamic=False)
case("sort", lambda a: a.sort(1), x(3, 6), dtypes=(torch.float32,))
case("sort_descending", lambda a: a.sort(1, descending=True), x(3, 6), dtypes=(torch.float32,))
case("cumsum", lambda a: a.cumsum(1), x(3, 4), dtypes=(*NUMBERS, torch.bool))
case("var", lambda a: a.var(1), x(3, 7))
case("var_uncorrected", lambda a: a.var(1, correction=0, keepdim=True), x(3, 7), dtypes=(torch.float32,))
case("var_of_far_values", lambda a: (a + 1000).var(1), x(3, 7), dtypes=(torch.float32,))
case("std", lambda a: a.std(1), x(3, 7))
case("var_mean", lambda a: torch.var_mean(a, 1), x(3, 7))
case("logsumexp", lambda a: a.logsumexp(1), x(3, 7))
for order in (0, 1, 2, 3.0, float("inf"), float("-inf")):
    case(f"vector_norm_{order}", lambda a, p=order: torch.linalg.vector_norm(a, p, dim=1), x(3, 5),
         dtypes=(torch.float32,))
