"""Steps of random networks: comparisons, roundings, orders, and what works on integers and booleans."""

from __future__ import annotations

import tensorrt as trt
import torch

from tests.engine._case import TRT_OF
from tests.engine._random_arithmetic import BINARIES
from tests.engine._random_network import Chooser, Proposal, broadcasts

E = trt.ElementWiseOperation
U = trt.UnaryOperation


def comparison(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype != torch.bool)
    y = x and c.pick(lambda v: v.dtype == x.dtype and broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    op, meaning = c.random.choice([(E.GREATER, torch.gt), (E.LESS, torch.lt), (E.EQUAL, torch.eq)])
    return Proposal(
        f"{op.name}", [x, y], lambda n, a, b: n.add_elementwise(a, b, op).get_output(0), meaning, torch.bool
    )


def selection(c: Chooser) -> Proposal | None:
    chosen = c.pick(lambda v: v.dtype == torch.bool)
    x = chosen and c.pick(lambda v: v.dtype != torch.bool and broadcasts(v.shape, chosen.shape))
    y = x and c.pick(
        lambda v: v.dtype == x.dtype and broadcasts(v.shape, x.shape) and broadcasts(v.shape, chosen.shape)
    )
    if chosen is None or x is None or y is None:
        return None
    add = lambda n, a, b, d: n.add_select(a, b, d).get_output(0)  # noqa: E731
    return Proposal("select", [chosen, x, y], add, torch.where, x.dtype)


def negation(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype == torch.bool)
    return x and Proposal("not", [x], lambda n, a: n.add_unary(a, U.NOT).get_output(0), torch.logical_not)


def rounding(c: Chooser) -> Proposal | None:
    x = c.float()
    op, meaning = c.random.choice([(U.FLOOR, torch.floor), (U.CEIL, torch.ceil), (U.ROUND, torch.round)])
    return x and Proposal(f"unary {op.name}", [x], lambda n, a: n.add_unary(a, op).get_output(0), meaning)


def to_integers(c: Chooser) -> Proposal | None:
    x, wide = c.float(), c.random.random() < 0.5
    theirs, ours = (trt.int64, torch.int64) if wide else (trt.int32, torch.int32)
    return x and Proposal(
        "cast", [x], lambda n, a: n.add_cast(a, theirs).get_output(0), lambda a: a.to(ours), ours
    )


def integer_arithmetic(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype in (torch.int32, torch.int64))
    y = x and c.pick(lambda v: v.dtype == x.dtype and broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    op = c.random.choice(list(BINARIES))
    return Proposal(
        f"integer {op.name}", [x, y], lambda n, a, b: n.add_elementwise(a, b, op).get_output(0), BINARIES[op]
    )


def greatest(c: Chooser) -> Proposal | None:
    """Values of the k greatest: ties do not matter to them."""
    x = c.pick(lambda v: v.dtype != torch.bool and len(v.shape) >= 1 and v.shape[-1] >= 1)
    if x is None:
        return None
    axis, k = len(x.shape) - 1, c.random.randint(1, x.shape[-1])
    return Proposal(
        f"top {k}",
        [x],
        lambda n, a: n.add_topk(a, trt.TopKOperation.MAX, k, 1 << axis).get_output(0),
        lambda a: a.sort(axis, descending=True).values.narrow(axis, 0, k),
    )


def quantization(c: Chooser) -> Proposal | None:
    """To int8 and back."""
    x = c.float(least_rank=1)
    if x is None:
        return None
    step = torch.tensor(0.125, dtype=x.dtype)

    def add(n, a):
        scale = n.constant(step)
        codes = n.add_quantize(a, scale, trt.int8).get_output(0)
        return n.add_dequantize(codes, scale, TRT_OF[x.dtype]).get_output(0)

    return Proposal("int8 and back", [x], add, lambda a: (a * 8).round().clamp(-128, 127) / 8)


def one_hot(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype == torch.int32 and 1 <= len(v.shape) <= 2)
    if x is None:
        return None
    off_on, depth = torch.tensor([0.25, 0.75], dtype=c.dtype), torch.tensor(3)

    def meaning(a):
        hit = a.unsqueeze(-1) == torch.arange(3, device=a.device)
        hit |= a.unsqueeze(-1) + 3 == torch.arange(3, device=a.device)
        kind = c.dtype if a.device.type != "cpu" else torch.float64
        return torch.where(hit, 0.75, 0.25).to(kind)

    def add(n, a):
        return n.add_one_hot(a, n.constant(off_on), n.constant(depth), -1).get_output(0)

    return Proposal("one hot", [x], add, meaning, c.dtype)
