"""Rows of shape, order, selection, creation and conversion."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tests.ops._case import ALL, FLOATS, NUMBERS, case, indices, x

ONE_OF_EACH = (torch.float32, torch.bfloat16, torch.int64, torch.bool)

case("view", lambda a: a.view(-1, 6), x(3, 2, 6), dtypes=ALL)
case("view_with_size", lambda a: a.view(a.shape[0], -1), x(3, 2, 6), dtypes=ONE_OF_EACH)
case("reshape", lambda a: a.transpose(1, 2).reshape(a.shape[0], 12), x(3, 2, 6), dtypes=ONE_OF_EACH)
case("reshape_scalar", lambda a: a.sum().reshape(1, 1), x(3, 2), dtypes=(torch.float32,))
case("flatten", lambda a: a.flatten(1), x(3, 2, 6), dtypes=ONE_OF_EACH)
case("flatten_all", torch.flatten, x(3, 2), dtypes=ONE_OF_EACH)
case("unflatten", lambda a: a.unflatten(1, (2, -1)), x(3, 6), dtypes=ONE_OF_EACH)
case("permute", lambda a: a.permute(2, 0, 1), x(3, 2, 6), dtypes=ALL)
case("transpose", lambda a: a.transpose(0, -1), x(3, 2, 6), dtypes=ONE_OF_EACH)
case("t", lambda a: a.t(), x(3, 2), dtypes=ONE_OF_EACH)
case("unsqueeze", lambda a: a.unsqueeze(-1), x(3, 2), dtypes=ALL)
case("squeeze", lambda a: a.squeeze(1), x(3, 1, 2), dtypes=ALL)
case("squeeze_dims", lambda a: a.squeeze((1, 3)), x(3, 1, 2, 1), dtypes=ONE_OF_EACH)
case("squeeze_nothing", lambda a: a.squeeze(1), x(3, 2), dtypes=(torch.float32,))
case("expand", lambda a: a.expand(-1, 4, 5), x(3, 1, 5), dtypes=ALL)
case("expand_front", lambda a: a.expand(2, *a.shape), x(3, 5), dtypes=ONE_OF_EACH)
case("repeat", lambda a: a.repeat(2, 3, 1), x(3, 5), dtypes=ONE_OF_EACH)
case("tile", lambda a: torch.tile(a, (2,)), x(3, 5), dtypes=ONE_OF_EACH)
case("slice", lambda a: a[:, 1:5:2], x(3, 6), dtypes=ALL)
case("slice_negative", lambda a: a[:, -4:-1], x(3, 6), dtypes=ONE_OF_EACH)
case("slice_dynamic_axis", lambda a: a[1:], x(3, 6), dtypes=ONE_OF_EACH, dynamic=False)
case("slice_beyond", lambda a: a[:, 2:99], x(3, 6), dtypes=ONE_OF_EACH)
case("narrow", lambda a: a.narrow(1, 2, 3), x(3, 6), dtypes=ONE_OF_EACH)
case("select", lambda a: a[:, 2], x(3, 6), dtypes=ALL)
case("select_last", lambda a: a[:, -1], x(3, 6, 2), dtypes=ONE_OF_EACH)
case("select_first_of_dynamic", lambda a: a[0], x(3, 6), dtypes=ONE_OF_EACH)
case("split", lambda a: a.split(4, 1), x(3, 6), dtypes=ONE_OF_EACH)
case("split_sizes", lambda a: a.split([1, 2, 3], 1), x(3, 6), dtypes=ONE_OF_EACH)
case("chunk", lambda a: a.chunk(4, 1), x(3, 6), dtypes=ONE_OF_EACH)
case("unbind", lambda a: a.unbind(1), x(3, 2), dtypes=ONE_OF_EACH)
case("diagonal", lambda a: a.diagonal(1, 1, 2), x(3, 4, 5), dtypes=ONE_OF_EACH)
case("cat", lambda a, b: torch.cat([a, b], 1), x(3, 2), x(3, 4), dtypes=ALL)
case("cat_dynamic_axis", lambda a, b: torch.cat([a, b], 0), x(3, 2), x(2, 2, dynamic=False),
     dtypes=ONE_OF_EACH)
case("cat_mixed", lambda a, b: torch.cat([a, b], 1), x(3, 2), x(3, 4, dtype=torch.int32, low=-9, high=9),
     dtypes=NUMBERS)
case("cat_empty", lambda a: torch.cat([a, a[:, :0]], 1), x(3, 2), dtypes=ONE_OF_EACH)
case("stack", lambda a, b: torch.stack([a, b], 1), x(3, 2), x(3, 2), dtypes=ONE_OF_EACH)
case("flip", lambda a: a.flip([0, 1]), x(3, 4), dtypes=ONE_OF_EACH)
case("roll", lambda a: a.roll((1, -2), (0, 1)), x(3, 5), dtypes=ONE_OF_EACH, dynamic=False)
case("roll_flat", lambda a: a.roll(2), x(3, 5), dtypes=(torch.float32,), dynamic=False)
case("pixel_shuffle", lambda a: F.pixel_shuffle(a, 2), x(3, 8, 2, 3), dtypes=FLOATS)
case("pixel_unshuffle", lambda a: F.pixel_unshuffle(a, 2), x(3, 2, 4, 6), dtypes=FLOATS)
case("clone", lambda a: a.clone() + 0, x(3, 4), dtypes=NUMBERS)
case("tril", lambda a: a.tril(), x(3, 4, 4), dtypes=NUMBERS)
case("triu", lambda a: a.triu(1), x(3, 4, 5), dtypes=NUMBERS)

# ---- by index

case("embedding", lambda i, w: F.embedding(i, w), indices(3, 4, below=10), parameters=((10, 6),))
case("embedding_int32", lambda i, w: F.embedding(i, w), indices(3, 4, below=10, dtype=torch.int32),
     parameters=((10, 6),))
case("index_select", lambda a, i: a.index_select(1, i), x(3, 6), indices(4, below=6, dynamic=False),
     dtypes=ALL)
case("gather", lambda a, i: a.gather(1, i), x(3, 6), indices(3, 4, below=6), dtypes=ALL)
case("index_one", lambda a, i: a[:, i], x(3, 6, 2), indices(2, 4, below=6, dynamic=False), dtypes=ONE_OF_EACH)
case("index_negative", lambda a, i: a[:, i], x(3, 6), indices(4, low=-6, below=6, dynamic=False),
     dtypes=ONE_OF_EACH)
case("index_two", lambda a, i, j: a[i, j], x(3, 6, 2), indices(4, below=3, dynamic=False),
     indices(4, below=6, dynamic=False),
     dtypes=ONE_OF_EACH, dynamic=False)
case("index_two_broadcast", lambda a, i, j: a[:, i[:, None], j[None]], x(3, 6, 5),
     indices(4, low=-6, below=6, dynamic=False),
     indices(3, below=5, dynamic=False), dtypes=ONE_OF_EACH)
case("index_apart", lambda a, i, j: a[i, :, j], x(3, 6, 5), indices(4, below=3, dynamic=False),
     indices(4, below=5, dynamic=False),
     dtypes=(torch.float32,), dynamic=False)

# ---- made and converted

case("arange_plus", lambda a: a + torch.arange(4, device=a.device), x(3, 4), dtypes=NUMBERS)
case("arange_dynamic", lambda a: torch.arange(a.shape[0], device=a.device)[:, None] + a, x(3, 4),
     dtypes=(torch.float32, torch.int64))
case("arange_step", lambda a: a + torch.arange(1, 9, 2, device=a.device), x(3, 4), dtypes=(torch.float32,))
case("arange_float", lambda a: a + torch.arange(0.5, 2.5, 0.5, device=a.device), x(3, 4),
     dtypes=(torch.float32,))
case("full", lambda a: a + torch.full((3, 4), 2.5, device=a.device), x(3, 4), dtypes=NUMBERS, dynamic=False)
case("full_dynamic", lambda a: a + torch.full((a.shape[0], 4), 7, device=a.device), x(3, 4), dtypes=NUMBERS)
case("zeros_like", lambda a: torch.zeros_like(a) + a, x(3, 4), dtypes=NUMBERS)
case("ones_like", lambda a: torch.ones_like(a) + a, x(3, 4), dtypes=NUMBERS)
case("full_like", lambda a: torch.full_like(a, 3) + a, x(3, 4), dtypes=NUMBERS)
case("new_ones", lambda a: a.new_ones(a.shape[0], 2), x(3, 4), dtypes=NUMBERS)
for target in ALL:
    name = str(target).removeprefix("torch.")
    case(f"to_{name}", lambda a, t=target: a.to(t), x(3, 4, low=-3, high=4), dtypes=ALL)

# ---- padding and interpolation

case("pad_constant", lambda a: F.pad(a, (1, 2, 0, 1), value=1.5), x(3, 4, 5), dtypes=FLOATS)
case("pad_int64", lambda a: F.pad(a, (1, 2), value=2**40), x(3, 4), dtypes=(torch.int64,))
case("pad_crop", lambda a: F.pad(a, (-1, 2)), x(3, 4), dtypes=(torch.float32,))
case("pad_reflect", lambda a: F.pad(a, (1, 2, 2, 1), mode="reflect"), x(3, 2, 4, 5), dtypes=FLOATS)
case("pad_replicate", lambda a: F.pad(a, (1, 2), mode="replicate"), x(3, 2, 4), dtypes=FLOATS)
case("pad_circular", lambda a: F.pad(a, (1, 2), mode="circular"), x(3, 2, 4), dtypes=(torch.float32,))
case("nearest", lambda a: F.interpolate(a, scale_factor=2), x(2, 3, 4, 5), dtypes=FLOATS)
case("nearest_size", lambda a: F.interpolate(a, size=(7, 3)), x(2, 3, 4, 5), dtypes=FLOATS)
case("nearest_1d", lambda a: F.interpolate(a, size=7), x(2, 3, 4), dtypes=(torch.float32,))
case("bilinear", lambda a: F.interpolate(a, scale_factor=2, mode="bilinear"), x(2, 3, 4, 5), dtypes=FLOATS)
case("bilinear_factor", lambda a: F.interpolate(a, scale_factor=1.7, mode="bilinear"), x(2, 3, 4, 5),
     dtypes=(torch.float32,))
case("bilinear_aligned", lambda a: F.interpolate(a, size=(7, 3), mode="bilinear", align_corners=True),
     x(2, 3, 4, 5),
     dtypes=FLOATS)
case("linear_1d", lambda a: F.interpolate(a, size=7, mode="linear"), x(2, 3, 4), dtypes=(torch.float32,))
case("trilinear", lambda a: F.interpolate(a, size=(3, 5, 4), mode="trilinear"), x(2, 3, 2, 4, 5),
     dtypes=(torch.float32,))
case("bicubic", lambda a: F.interpolate(a, scale_factor=2, mode="bicubic"), x(2, 3, 4, 5),
     dtypes=(torch.float32,))
