"""Rows of operators that replace elements of a tensor, in place too, and of windows over an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from tests.ops._case import ALL, FLOATS, case, indices, x

SOME = (torch.float32, torch.bfloat16, torch.int64, torch.bool)
F32 = (torch.float32,)


def written(write: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    """A copy of the first argument after a write to it."""

    def run(a: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        a = a.clone()
        write(a, *others)
        return a

    return run


def put(index: Any, value: Any = None) -> Callable[..., torch.Tensor]:
    """a[index] = value, or the argument behind a."""
    return written(lambda a, *given: a.__setitem__(index, given[0] if given else value))


ALL_OF = slice(None)

# ---- regions

case("assign_slice", put((ALL_OF, slice(1, 3))), x(3, 6, 5), x(3, 2, 5), dtypes=SOME)
case("assign_slice_number", put((ALL_OF, slice(2, None)), 1), x(3, 6), dtypes=ALL)
case("assign_slice_from_end", put((ALL_OF, slice(None, -2)), 1), x(3, 6), dtypes=F32)
case("assign_steps", put((ALL_OF, slice(1, None, 2))), x(3, 6, 5), x(3, 3, 5), dtypes=SOME)
case("assign_last", put((ALL_OF, -1)), x(3, 6, 5), x(3, 5), dtypes=SOME)
case("assign_two_slices", put((ALL_OF, slice(0, 2), slice(1, 3)), 1), x(3, 6, 5), dtypes=F32)
case("assign_other_type", put((ALL_OF, slice(0, 2))), x(3, 6), x(3, 2, dtype=torch.int64), dtypes=F32)
case("write_through_slice", written(lambda a: a[:, 1:4].mul_(3).add_(1)), x(3, 6), dtypes=FLOATS)
case("write_after_dropout", lambda a: _dropped(a * 2), x(3, 6), dtypes=F32)
case("write_in_turns", lambda a: (a * 2).add_(a).relu_().clamp_(max=3), x(3, 6), dtypes=FLOATS)
case("write_seen_by_view", lambda a: _seen(a * 2), x(3, 6), dtypes=F32)
case("write_to_transposed", lambda a: (a * 2).t().div_(3).t(), x(3, 6), dtypes=F32)


def _dropped(a: torch.Tensor) -> torch.Tensor:
    """Dropout outside training returns its argument, so that the argument is written to."""
    F.dropout(a, training=False).add_(1)
    return a


def _seen(a: torch.Tensor) -> torch.Tensor:
    row = a[0]
    a.add_(1)
    return a + row


# ---- elements

case("scatter", lambda a, i, s: a.scatter(1, i % 4, s), x(3, 6), indices(3, 1, below=4), x(3, 2), dtypes=SOME)
case("scatter_number", lambda a, i: a.scatter(1, i, 1), x(3, 6), indices(3, 1, below=6), dtypes=ALL)
case("one_hot", lambda i: F.one_hot(i, 7), indices(3, 4, below=7), dtypes=(torch.int64,))
case("put_one", lambda a, i, v: a.index_put((i,), v), x(6, 4), indices(1, below=6), x(1, 4), dtypes=SOME,
     dynamic=False)
case("put_inside", put((ALL_OF, torch.tensor([0, -1]))), x(3, 6, 5), x(2, 5, dynamic=False), dtypes=SOME)
case("put_two", put((ALL_OF, torch.tensor([0, 3, 2]), torch.tensor([1, -1, 0]))), x(3, 6, 5), x(3, 3),
     dtypes=SOME)
case("put_apart", put((torch.tensor([0, 2]), ALL_OF, torch.tensor([1, -1]))), x(3, 6, 5), x(6), dtypes=F32,
     dynamic=False)
case("put_number", put((ALL_OF, torch.tensor([0, 3])), 1), x(3, 6), dtypes=ALL)
case("put_masked", lambda a, m: written(lambda y: y.__setitem__(m, 1))(a), x(3, 6),
     x(3, 6, dtype=torch.bool), dtypes=ALL)
case("put_masked_rows", lambda a, m: written(lambda y: y.__setitem__(m, 1))(a), x(3, 6),
     x(3, dtype=torch.bool), dtypes=SOME)
case("index_copy", lambda a, s: a.index_copy(1, torch.tensor([3, 0], device=a.device), s), x(3, 6), x(3, 2),
     dtypes=SOME)
case("index_fill", lambda a: a.index_fill(1, torch.tensor([3, 0], device=a.device), 1), x(3, 6), dtypes=SOME)

# ---- windows

case("unfold", lambda a: a.unfold(1, 3, 1), x(3, 7, 2), dtypes=SOME)
case("unfold_apart", lambda a: a.unfold(-1, 2, 3), x(3, 7), dtypes=F32)
case("unfold_side_by_side", lambda a: a.unfold(1, 2, 2), x(3, 7, 2), dtypes=SOME)
case("unfold_dynamic", lambda a: a.unfold(0, 1, 1), x(3, 4), dtypes=F32)
case("as_strided", lambda a: a.as_strided((3, 2), (4, 1), 1), x(3, 6), dtypes=F32, dynamic=False)
case("unfold_blocks", lambda a: F.unfold(a, 3, padding=1, stride=2), x(2, 3, 5, 6), dtypes=FLOATS)

case("fold_blocks", lambda a: F.fold(a, (7, 6), (3, 2), dilation=(1, 2), padding=1, stride=2), x(2, 18, 12))
case("fold_two", lambda a: F.fold(a, (3, 4), (2, 3)), x(2, 12, 4), dtypes=F32)

# ---- places and coordinates

BOUNDS = torch.tensor([-1.0, 0.0, 0.5])
case("bucketize", lambda a: torch.bucketize(a, BOUNDS.to(a)), x(3, 4), dtypes=F32)
case("bucketize_right", lambda a: torch.bucketize(a, BOUNDS.to(a).round(), right=True, out_int32=True),
     x(3, 4, low=-3, high=3), dtypes=(torch.int64,))
case("searchsorted", lambda a: torch.searchsorted(BOUNDS.to(a), a, side="right"), x(3, 4), dtypes=F32)
case("grid_sample", lambda a, g: F.grid_sample(a, g, align_corners=False), x(2, 3, 4, 5), x(2, 3, 2, 2))
for mode in ("bilinear", "nearest", "bicubic"):
    for outside in ("zeros", "border", "reflection"):
        case(f"grid_sample_{mode}_{outside}",
             lambda a, g, m=mode, o=outside: F.grid_sample(a, g, m, o, align_corners=True),
             x(2, 3, 4, 5), x(2, 3, 2, 2), dtypes=F32)
case("std_mean", lambda a: torch.std_mean(a, 1), x(3, 7))
case("channel_shuffle", lambda a: F.channel_shuffle(a, 3), x(2, 6, 3, 2))
case("trace", torch.trace, x(4, 5), dtypes=F32, dynamic=False)

# ---- views under other names

for name, view in {
    "movedim": lambda a: a.movedim(0, -1),
    "reshape_as": lambda a: a.reshape_as(a.transpose(1, 2)),
    "view_as": lambda a: (a + 1).view_as(a),
    "swapaxes": lambda a: a.swapaxes(0, 2),
    "ravel": lambda a: a.ravel(),
    "broadcast_to": lambda a: a.broadcast_to(2, *a.shape),
    "tensor_split": lambda a: a.tensor_split(3, 1),
    "matrix_transpose": lambda a: a.mT,
    "meshgrid": lambda a: torch.meshgrid(a[:, 0, 0], a[0, :, 0], indexing="ij"),
}.items():
    case(name, lambda a, v=view: v(a), x(3, 4, 5), dtypes=F32)

# ---- numbers from tensors

case("length_as_tensor", lambda a: a[:, : torch.tensor(min(a.shape[0], 4)) + 1], x(3, 6), dtypes=F32,
     dynamic=False)
case("unsafe_split", lambda a: torch.unsafe_split(a, 4, 1), x(3, 6), dtypes=F32)
