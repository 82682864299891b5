"""Steps of random networks: arithmetic element by element, sums and normalizations."""

from __future__ import annotations

import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._random_network import Chooser, Proposal, broadcasts, like

A = trt.ActivationType
E = trt.ElementWiseOperation
U = trt.UnaryOperation
R = trt.ReduceOperation

UNARIES = {
    U.SIN: torch.sin,
    U.COS: torch.cos,
    U.ERF: torch.erf,
    U.ABS: torch.abs,
    U.NEG: torch.neg,
    U.ATAN: torch.atan,
    U.ASINH: torch.asinh,
}
ACTIVATIONS = {
    A.RELU: torch.relu,
    A.SIGMOID: torch.sigmoid,
    A.TANH: torch.tanh,
    A.GELU_ERF: F.gelu,
    A.GELU_TANH: lambda x: F.gelu(x, approximate="tanh"),
    A.SOFTSIGN: F.softsign,
}
BINARIES = {E.SUM: torch.add, E.SUB: torch.sub, E.PROD: torch.mul, E.MAX: torch.maximum, E.MIN: torch.minimum}
REDUCTIONS = {R.SUM: torch.sum, R.AVG: torch.mean, R.MAX: torch.amax, R.MIN: torch.amin}


def unary(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(UNARIES))
    return x and Proposal(f"unary {op.name}", [x], lambda n, a: n.add_unary(a, op).get_output(0), UNARIES[op])


def activation(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(ACTIVATIONS))
    return x and Proposal(
        f"activation {op.name}", [x], lambda n, a: n.add_activation(a, op).get_output(0), ACTIVATIONS[op]
    )


def binary(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(BINARIES))
    y = x and c.pick(lambda v: v.dtype == x.dtype and broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    return Proposal(
        f"elementwise {op.name}",
        [x, y],
        lambda n, a, b: n.add_elementwise(a, b, op).get_output(0),
        BINARIES[op],
    )


def binary_with_constant(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(BINARIES))
    if x is None:
        return None
    w = c.constant([n if c.random.random() < 0.5 else 1 for n in x.shape], x.dtype)
    return Proposal(
        f"elementwise {op.name} with a constant",
        [x],
        lambda n, a: n.add_elementwise(a, n.constant(w), op).get_output(0),
        lambda a: BINARIES[op](a, like(w, a)),
    )


def softmax(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=1)
    if x is None:
        return None
    axis = c.random.randrange(len(x.shape))

    def add(n, a):
        layer = n.add_softmax(a)
        layer.axes = 1 << axis
        return layer.get_output(0)

    return Proposal(f"softmax {axis}", [x], add, lambda a: torch.softmax(a, axis))


def reduction(c: Chooser) -> Proposal | None:
    x, op = c.float(least_rank=1), c.random.choice(list(REDUCTIONS))
    if x is None:
        return None
    keep, axes = (
        c.random.random() < 0.6,
        sorted(c.random.sample(range(len(x.shape)), c.random.randint(1, len(x.shape)))),
    )
    mask = sum(1 << axis for axis in axes)
    return Proposal(
        f"reduce {op.name} {axes}",
        [x],
        lambda n, a: n.add_reduce(a, op, mask, keep).get_output(0),
        lambda a: REDUCTIONS[op](a, tuple(axes), keepdim=keep),
    )


def running_sum(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=1)
    if x is None:
        return None
    axis = torch.tensor(c.random.randrange(len(x.shape)))

    def add(n, a):
        return n.add_cumulative(a, n.constant(axis), trt.CumulativeOperation.SUM, False, False).get_output(0)

    return Proposal("cumulative sum", [x], add, lambda a: a.cumsum(axis.item()))


def parametric_relu(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=1)
    if x is None:
        return None
    w = c.constant([1] * len(x.shape), x.dtype)
    return Proposal(
        "parametric relu",
        [x],
        lambda n, a: n.add_parametric_relu(a, n.constant(w)).get_output(0),
        lambda a: torch.where(a < 0, a * like(w, a), a),
    )


def masked_softmax(c: Chooser) -> Proposal | None:
    """Ragged softmax: the part of each row behind its bound is 0."""
    x = c.pick(lambda v: v.is_float and len(v.shape) == 3 and v.lengths[0] > 0 and min(v.shape) > 0)
    if x is None or x.shape[1] != 1:
        return None
    bounds = torch.full((x.shape[0], 1, 1), x.shape[2], dtype=torch.int32)
    return Proposal(
        "ragged softmax",
        [x],
        lambda n, a: n.add_ragged_softmax(a, n.constant(bounds)).get_output(0),
        lambda a: torch.softmax(a, 2),
    )
