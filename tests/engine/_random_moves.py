"""Steps of random networks: layers that move elements."""

from __future__ import annotations

import tensorrt as trt
import torch

from tests.engine._random_network import Chooser, Proposal, Value, like

Op = trt.ElementWiseOperation


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


def flatten(c: Chooser) -> Proposal | None:
    x = c.pick(lambda v: len(v.shape) >= 3)
    if x is None:
        return None

    def add(n, a):
        layer = n.add_shuffle(a)
        layer.reshape_dims = (0, -1)
        return layer.get_output(0)

    return None if 0 in x.shape else Proposal("flatten", [x], add, lambda a: a.flatten(1))


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


def trailing_part_by_shape(c: Chooser) -> Proposal | None:
    """All but the first entry of the first axis, with sizes computed from the shape."""
    x = c.pick(lambda v: len(v.shape) >= 1 and v.shape[0] >= 2)
    if x is None:
        return None
    rank = len(x.shape)
    first = torch.tensor([1] + [0] * (rank - 1))

    def add(n, a):
        sizes = n.add_elementwise(n.add_shape(a).get_output(0), n.constant(first), Op.SUB).get_output(0)
        layer = n.add_slice(a, first.tolist(), [1] * rank, [1] * rank)
        layer.set_input(2, sizes)
        return layer.get_output(0)

    return Proposal("slice of computed size", [x], add, lambda a: a[1:])


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
