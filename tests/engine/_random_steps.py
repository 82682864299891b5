"""Steps of random networks: each proposes a layer of one kind that fits the tensors there are.

Meanings run in float64 on the host and in the values' types on the engine's device: constants follow their
argument.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorrt as trt
import torch
import torch.nn.functional as F

from tests.engine._case import TRT_OF
from tests.engine._random_network import Chooser, Proposal, Value

A, E, U, R = trt.ActivationType, trt.ElementWiseOperation, trt.UnaryOperation, trt.ReduceOperation

Step = Callable[[Chooser], "Proposal | None"]
SMOOTH: list[Step] = []
"""A small change of their inputs changes their outputs little."""
STEPPED: list[Step] = []
"""Comparisons, roundings, orders, and what works on their integers and booleans."""


def smooth(step: Step) -> Step:
    SMOOTH.append(step)
    return step


def stepped(step: Step) -> Step:
    STEPPED.append(step)
    return step


def like(constant: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return constant.to(x.device, x.dtype) if constant.is_floating_point() else constant.to(x.device)


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


@smooth
def unary(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(UNARIES))
    return x and Proposal(f"unary {op.name}", [x], lambda n, a: n.add_unary(a, op).get_output(0), UNARIES[op])


@smooth
def activation(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(ACTIVATIONS))
    return x and Proposal(
        f"activation {op.name}", [x], lambda n, a: n.add_activation(a, op).get_output(0), ACTIVATIONS[op]
    )


def _broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return len(a) == len(b) and all(m == n or 1 in (m, n) for m, n in zip(a, b, strict=True))


@smooth
def binary(c: Chooser) -> Proposal | None:
    x, op = c.float(), c.random.choice(list(BINARIES))
    y = x and c.pick(lambda v: v.dtype == x.dtype and _broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    return Proposal(
        f"elementwise {op.name}",
        [x, y],
        lambda n, a, b: n.add_elementwise(a, b, op).get_output(0),
        BINARIES[op],
    )


@smooth
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


@smooth
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


@smooth
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


@smooth
def product(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=2)
    if x is None:
        return None
    transposed = c.random.random() < 0.5
    k, m = x.shape[-1], c.random.randint(1, 6)
    w = c.constant([1] * (len(x.shape) - 2) + ([m, k] if transposed else [k, m]), x.dtype, -0.5, 0.5)
    op = trt.MatrixOperation.TRANSPOSE if transposed else trt.MatrixOperation.NONE
    return Proposal(
        "matrix multiply",
        [x],
        lambda n, a: n.add_matrix_multiply(a, trt.MatrixOperation.NONE, n.constant(w), op).get_output(0),
        lambda a: a @ (like(w, a).mT if transposed else like(w, a)),
    )


@smooth
def product_of_two(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=2)
    y = x and c.pick(lambda v: v.dtype == x.dtype and len(v.shape) == len(x.shape) and v.shape == x.shape)
    if x is None or y is None:
        return None
    none, turned = trt.MatrixOperation.NONE, trt.MatrixOperation.TRANSPOSE
    return Proposal(
        "matrix multiply of two",
        [x, y],
        lambda n, a, b: n.add_matrix_multiply(a, none, b, turned).get_output(0),
        lambda a, b: a @ b.mT,
    )


@smooth
def convolution(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and v.lengths[1] > 0)
    if x is None:
        return None
    maps, size, pad, stride = (
        c.random.randint(1, 6),
        c.random.choice([1, 3]),
        c.random.randint(0, 1),
        c.random.randint(1, 2),
    )
    if min(x.shape[2:]) + 2 * pad < size:
        return None
    w, b = c.constant((maps, x.shape[1], size, size), x.dtype, -0.3, 0.3), c.constant((maps,), x.dtype)

    def add(n, a):
        layer = n.add_convolution_nd(a, maps, (size, size), n.weights(w), n.weights(b))
        layer.padding_nd, layer.stride_nd = (pad, pad), (stride, stride)
        return layer.get_output(0)

    return Proposal(
        "convolution", [x], add, lambda a: F.conv2d(a, like(w, a), like(b, a), stride=stride, padding=pad)
    )


@smooth
def pooling(c: Chooser) -> Proposal | None:
    x = c.pick(
        lambda v: v.is_float and len(v.shape) == 4 and v.shape[0] * v.shape[1] > 0 and min(v.shape[2:]) >= 2
    )
    if x is None:
        return None
    average = c.random.random() < 0.5
    kind = trt.PoolingType.AVERAGE if average else trt.PoolingType.MAX

    def add(n, a):
        layer = n.add_pooling_nd(a, kind, (2, 2))
        layer.stride_nd = (1, 1)
        return layer.get_output(0)

    meaning = (lambda a: F.avg_pool2d(a, 2, 1)) if average else (lambda a: F.max_pool2d(a, 2, 1))
    return Proposal(f"pooling {kind.name}", [x], add, meaning)


@smooth
def layer_norm(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) >= 2 and v.shape[-1] >= 3)
    if x is None:
        return None
    length, ones = x.shape[-1], [1] * (len(x.shape) - 1)
    w, b = c.constant([*ones, length], x.dtype, 0.5, 1.5), c.constant([*ones, length], x.dtype)

    def add(n, a):
        layer = n.add_normalization(a, n.constant(w), n.constant(b), 1 << (len(x.shape) - 1))
        layer.epsilon = 0.1  # far from a division by nothing
        return layer.get_output(0)

    return Proposal(
        "normalization",
        [x],
        add,
        lambda a: F.layer_norm(a, (length,), like(w, a).flatten(), like(b, a).flatten(), eps=0.1),
    )


@smooth
def scale(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and v.lengths[1] >= 0)
    if x is None:
        return None
    w, b = c.constant((x.shape[1],), x.dtype), c.constant((x.shape[1],), x.dtype)
    power = torch.ones(x.shape[1], dtype=x.dtype)
    return Proposal(
        "scale",
        [x],
        lambda n, a: n.add_scale(
            a, trt.ScaleMode.CHANNEL, n.weights(b), n.weights(w), n.weights(power)
        ).get_output(0),
        lambda a: a * like(w, a).view(-1, 1, 1) + like(b, a).view(-1, 1, 1),
    )


@smooth
def transpose(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) >= 2)
    if x is None:
        return None
    order = list(range(len(x.shape)))
    c.random.shuffle(order)

    def add(n, a):
        layer = n.add_shuffle(a)
        layer.first_transpose = trt.Permutation(order)
        return layer.get_output(0)

    return Proposal(f"transpose {order}", [x], add, lambda a: a.permute(order))


@smooth
def flatten(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) >= 3)
    if x is None:
        return None

    def add(n, a):
        layer = n.add_shuffle(a)
        layer.reshape_dims = (0, -1)
        return layer.get_output(0)

    return None if 0 in x.shape else Proposal("flatten", [x], add, lambda a: a.flatten(1))


@smooth
def unsqueeze(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) <= 3)
    if x is None:
        return None
    axis = c.random.randint(0, len(x.shape))
    axes = torch.tensor([axis])
    return Proposal(
        f"unsqueeze {axis}",
        [x],
        lambda n, a: n.add_unsqueeze(a, n.constant(axes)).get_output(0),
        lambda a: a.unsqueeze(axis),
    )


@smooth
def piece(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) >= 1 and min(v.shape) >= 1)
    if x is None:
        return None
    stride = [c.random.randint(1, 2) for _ in x.shape]
    start = [c.random.randint(0, n - 1) for n in x.shape]
    size = [c.random.randint(1, (n - s + t - 1) // t) for n, s, t in zip(x.shape, start, stride, strict=True)]
    window = tuple(slice(s, s + t * n, t) for s, t, n in zip(start, stride, size, strict=True))
    return Proposal(
        "slice", [x], lambda n, a: n.add_slice(a, start, size, stride).get_output(0), lambda a: a[window]
    )


@smooth
def concatenation(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) >= 1)
    if x is None:
        return None
    axis = c.random.randrange(len(x.shape))

    def fits(v: Value) -> bool:
        return (
            v.dtype == x.dtype
            and len(v.shape) == len(x.shape)
            and all(m == n for i, (m, n) in enumerate(zip(v.shape, x.shape, strict=True)) if i != axis)
        )

    y = c.pick(fits)
    if y is None:
        return None

    def add(n, *tensors):
        layer = n.add_concatenation(list(tensors))
        layer.axis = axis
        return layer.get_output(0)

    return Proposal(f"concatenation {axis}", [x, y], add, lambda a, b: torch.cat([a, b], axis))


@smooth
def gather(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: 1 <= len(v.shape) <= 3 and min(v.shape) >= 1)
    if x is None:
        return None
    axis = c.random.randrange(len(x.shape))
    places = torch.tensor([c.random.randrange(x.shape[axis]) for _ in range(c.random.randint(1, 4))])
    return Proposal(
        f"gather {axis}",
        [x],
        lambda n, a: n.add_gather(a, n.constant(places), axis).get_output(0),
        lambda a: a.index_select(axis, places.to(a.device)),
    )


@smooth
def running_sum(c: Chooser) -> Proposal | None:
    x = c.float(least_rank=1)
    if x is None:
        return None
    axis = torch.tensor(c.random.randrange(len(x.shape)))

    def add(n, a):
        return n.add_cumulative(a, n.constant(axis), trt.CumulativeOperation.SUM, False, False).get_output(0)

    return Proposal("cumulative sum", [x], add, lambda a: a.cumsum(axis.item()))


@smooth
def trailing_part_by_shape(c: Chooser) -> Proposal | None:
    """All but the first entry of the first axis, with sizes computed from the shape."""
    x = c.pick(lambda v: len(v.shape) >= 1 and v.shape[0] >= 2)
    if x is None:
        return None
    rank = len(x.shape)
    first = torch.tensor([1] + [0] * (rank - 1))

    def add(n, a):
        sizes = n.add_elementwise(n.add_shape(a).get_output(0), n.constant(first), E.SUB).get_output(0)
        layer = n.add_slice(a, first.tolist(), [1] * rank, [1] * rank)
        layer.set_input(2, sizes)
        return layer.get_output(0)

    return Proposal("slice of computed size", [x], add, lambda a: a[1:])


@stepped
def comparison(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype != torch.bool)
    y = x and c.pick(lambda v: v.dtype == x.dtype and _broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    op, meaning = c.random.choice([(E.GREATER, torch.gt), (E.LESS, torch.lt), (E.EQUAL, torch.eq)])
    return Proposal(
        f"{op.name}", [x, y], lambda n, a, b: n.add_elementwise(a, b, op).get_output(0), meaning, torch.bool
    )


@stepped
def selection(c: Chooser) -> Proposal | None:
    chosen = c.pick(lambda v: v.dtype == torch.bool)
    x = chosen and c.pick(lambda v: v.dtype != torch.bool and _broadcasts(v.shape, chosen.shape))
    y = x and c.pick(
        lambda v: v.dtype == x.dtype and _broadcasts(v.shape, x.shape) and _broadcasts(v.shape, chosen.shape)
    )
    if chosen is None or x is None or y is None:
        return None
    add = lambda n, a, b, d: n.add_select(a, b, d).get_output(0)  # noqa: E731
    return Proposal("select", [chosen, x, y], add, torch.where, x.dtype)


@stepped
def negation(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype == torch.bool)
    return x and Proposal("not", [x], lambda n, a: n.add_unary(a, U.NOT).get_output(0), torch.logical_not)


@stepped
def rounding(c: Chooser) -> Proposal | None:
    x = c.float()
    op, meaning = c.random.choice([(U.FLOOR, torch.floor), (U.CEIL, torch.ceil), (U.ROUND, torch.round)])
    return x and Proposal(f"unary {op.name}", [x], lambda n, a: n.add_unary(a, op).get_output(0), meaning)


@stepped
def to_integers(c: Chooser) -> Proposal | None:
    x, wide = c.float(), c.random.random() < 0.5
    theirs, ours = (trt.int64, torch.int64) if wide else (trt.int32, torch.int32)
    return x and Proposal(
        "cast", [x], lambda n, a: n.add_cast(a, theirs).get_output(0), lambda a: a.to(ours), ours
    )


@stepped
def integer_arithmetic(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.dtype in (torch.int32, torch.int64))
    y = x and c.pick(lambda v: v.dtype == x.dtype and _broadcasts(v.shape, x.shape))
    if x is None or y is None:
        return None
    op = c.random.choice(list(BINARIES))
    return Proposal(
        f"integer {op.name}", [x, y], lambda n, a, b: n.add_elementwise(a, b, op).get_output(0), BINARIES[op]
    )


@stepped
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


@smooth
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


@smooth
def deconvolution(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and v.lengths[1] > 0)
    if x is None:
        return None
    maps, stride = c.random.randint(1, 4), c.random.randint(1, 2)
    w = c.constant((x.shape[1], maps, 2, 2), x.dtype, -0.3, 0.3)

    def add(n, a):
        layer = n.add_deconvolution_nd(a, maps, (2, 2), n.weights(w), trt.Weights())
        layer.stride_nd = (stride, stride)
        return layer.get_output(0)

    return Proposal("deconvolution", [x], add, lambda a: F.conv_transpose2d(a, like(w, a), stride=stride))


@smooth
def enlargement(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) == 4 and min(v.shape) > 0 and max(v.shape[2:]) <= 8)
    if x is None:
        return None

    def add(n, a):
        layer = n.add_resize(a)
        layer.resize_mode = trt.InterpolationMode.LINEAR
        layer.coordinate_transformation = trt.ResizeCoordinateTransformation.HALF_PIXEL
        layer.scales = [1, 1, 2, 2]
        return layer.get_output(0)

    return Proposal("resize", [x], add, lambda a: F.interpolate(a, scale_factor=2, mode="bilinear"))


@smooth
def sum_of_products(c: Chooser) -> Proposal | None:
    x = c.float(rank=3)
    if x is None:
        return None
    w = c.constant((x.shape[2], 3), x.dtype, -0.5, 0.5)
    equation = "bsk,kn->nbs"
    return Proposal(
        "einsum",
        [x],
        lambda n, a: n.add_einsum([a, n.constant(w)], equation).get_output(0),
        lambda a: torch.einsum(equation, a, like(w, a)),
    )


@smooth
def replacement_of_rows(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: v.is_float and len(v.shape) >= 1 and v.lengths[0] >= 1 and -1 not in v.lengths)
    if x is None:
        return None
    row = c.random.randrange(x.shape[0])
    updates = c.constant((1, *x.shape[1:]), x.dtype)
    places = torch.tensor([[row]])

    def meaning(a):
        result = a.clone()
        result[row] = like(updates, a)[0]
        return result

    return Proposal(
        "scatter",
        [x],
        lambda n, a: n.add_scatter(a, n.constant(places), n.constant(updates), trt.ScatterMode.ND).get_output(
            0
        ),
        meaning,
    )


@smooth
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


@stepped
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


@stepped
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
