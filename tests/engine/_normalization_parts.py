"""Normalizations written as parts: networks, what they compute, and what kinds of layers they become."""

from __future__ import annotations

import json
import math
from itertools import product

import tensorrt as trt
import torch

from tests.engine._case import FLOATS, TRT_OF, Net, sample
from tests.engine._session import Session

PASS = "make_normalization"
OP, REDUCE, UNARY = trt.ElementWiseOperation, trt.ReduceOperation, trt.UnaryOperation
EPSILON = 1e-3
X = (3, 5, 16)
GAMMA, BETA = sample((1, 1, 16), low=0.5, high=2, seed=1), sample((1, 1, 16), seed=2)


class Parts:
    """The operations of a normalization over `axes`."""

    def __init__(self, n, axes=(2,)):
        self.n, self.mask = n, sum(1 << axis for axis in axes)

    def binary(self, op, a, b):
        return self.n.add_elementwise(a, b, op).get_output(0)

    def unary(self, op, x):
        return self.n.add_unary(x, op).get_output(0)

    def reduce(self, op, x, keep=True):
        return self.n.add_reduce(x, op, self.mask, keep).get_output(0)

    def number(self, value, like):
        shape = (1,) * len(like.shape)
        return self.n.constant(torch.full(shape, value, dtype=torch_type(like)))

    def cast(self, x, dtype):
        return self.n.add_cast(x, TRT_OF[dtype]).get_output(0)

    def mean(self, x, how="avg"):
        if how == "avg":
            return self.reduce(REDUCE.AVG, x)
        count = math.prod(n for i, n in enumerate(x.shape) if self.mask >> i & 1)
        return self.binary(OP.DIV, self.reduce(REDUCE.SUM, x), self.number(float(count), x))

    def square(self, d, how="prod"):
        return self.binary(OP.PROD, d, d) if how == "prod" else self.binary(OP.POW, d, self.number(2.0, d))

    def divided(self, d, variance, how):
        """`d` over the root of `variance` + epsilon."""
        total = self.binary(OP.SUM, variance, self.number(EPSILON, variance))
        if how == "power":
            return self.binary(OP.PROD, self.binary(OP.POW, total, self.number(-0.5, total)), d)
        root = self.unary(UNARY.SQRT, total)
        if how == "div":
            return self.binary(OP.DIV, d, root)
        if how == "quotient":
            return self.binary(OP.PROD, d, self.binary(OP.DIV, self.number(1.0, root), root))
        return self.binary(OP.PROD, d, self.unary(UNARY.RECIP, root))


WAYS = list(product(["prod", "pow"], ["div", "recip", "power", "quotient"], ["avg", "sum"]))


def layer_norm(square="prod", root="div", mean="avg", gamma=GAMMA, beta=BETA, axes=(2,), twice=False):
    def build(n, x):
        p = Parts(n, axes)
        dtype = torch_type(x)
        d = p.binary(OP.SUB, x, p.reduce(REDUCE.AVG, x))
        other = p.binary(OP.SUB, x, p.reduce(REDUCE.AVG, x)) if twice else d
        y = p.divided(other, p.mean(p.square(d, square), mean), root)
        y = y if gamma is None else p.binary(OP.PROD, n.constant(gamma.to(dtype)), y)
        return y if beta is None else p.binary(OP.SUM, y, n.constant(beta.to(dtype)))

    return build


def exact(gamma=GAMMA, beta=BETA, axes=(2,), center=True, epsilon=EPSILON, dtype=torch.float32):
    def reference(x):
        d = x - x.mean(axes, keepdim=True) if center else x
        y = d / (d.square().mean(axes, keepdim=True) + epsilon).sqrt()
        y = y if gamma is None else y * gamma.to(dtype).double()
        return y if beta is None else y + beta.to(dtype).double()

    return reference


def torch_type(tensor):
    return next(t for t in FLOATS if TRT_OF[t] == tensor.dtype)


def kinds(build, inputs):
    """Kinds of layers that a network becomes, but constants."""
    session = Session()
    net = Net(session.network)
    y = build(net, *(session.input(f"x{i}", tuple(x.shape), TRT_OF[x.dtype]) for i, x in enumerate(inputs)))
    session.network.mark_output(y)
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    inspector = session.engine().create_engine_inspector()
    told = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
    return [layer["LayerType"] for layer in told["Layers"] if layer["LayerType"] != "Constant"]
