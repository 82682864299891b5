"""Windows: paddings by the formulas of the specification, and pooling beside a reference made of them."""

import math

import tensorrt as trt
import torch
import torch.nn.functional as F

P = trt.PaddingMode
DOWN, UP, UPPER, LOWER = P.EXPLICIT_ROUND_DOWN, P.EXPLICIT_ROUND_UP, P.SAME_UPPER, P.SAME_LOWER
T = trt.PoolingType


def paddings(mode, lengths, sizes, strides, dilations, pre, post):
    """Padding before and after each axis, what hangs over included, by the formulas of the specification."""
    result = []
    for length, f, s, d, before, after in zip(lengths, sizes, strides, dilations, pre, post, strict=True):
        reach = 1 + d * (f - 1)
        if mode in (UPPER, LOWER):
            total = max(0, (math.ceil(length / s) - 1) * s + reach - length)
            half = total // 2
            result.append((half, total - half) if mode == UPPER else (total - half, half))
        else:
            over = -(length + before + after - reach) % s if mode == UP else 0
            result.append((before, after + over))
    return result


def pad_list(pads):
    """As torch.nn.functional.pad wants it: last axis first."""
    return [n for pair in reversed(pads) for n in pair]


def configure(layer, nd, stride=1, dilation=None, pre=0, post=0, mode=DOWN):
    layer.stride_nd = (stride,) * nd
    if dilation is not None:
        layer.dilation_nd = (dilation,) * nd
    layer.pre_padding, layer.post_padding = (pre,) * nd, (post,) * nd
    layer.padding_mode = mode
    return layer


def pooling(kind, size, exclusive=True, blend=None, **window):
    def build(n, x):
        layer = n.add_pooling_nd(x, kind, size)
        layer.average_count_excludes_padding = exclusive
        if blend is not None:
            layer.blend_factor = blend
        return configure(layer, len(size), **window)

    return build


def windows_of(x, size, stride, pads, fill):
    """x with one axis more for each window axis: the window's elements."""
    x = F.pad(x, pad_list(pads), value=fill)
    first = x.dim() - len(size)
    for axis, f in enumerate(size, first):
        x = x.unfold(axis, f, stride)
    return x.flatten(-len(size))


def pooled(kind, size, exclusive=True, blend=0.0, stride=1, pre=0, post=0, mode=DOWN):
    nd = len(size)

    def reference(x):
        lengths = x.shape[-nd:]
        rest = ((n,) * nd for n in (stride, 1, pre, post))
        pads = paddings(mode, lengths, size, *rest)
        inside = torch.ones(lengths, dtype=torch.float64)
        if not exclusive and mode in (DOWN, UP):
            counted = F.pad(inside, pad_list([(pre, post)] * nd), value=1)
            hang = [(0, after - post) for _, after in pads]
        elif not exclusive:
            counted, hang = F.pad(inside, pad_list(pads), value=1), [(0, 0)] * nd
        else:
            counted, hang = inside, pads
        counts = windows_of(counted, size, stride, hang, 0).sum(-1)
        greatest = windows_of(x, size, stride, pads, -math.inf).amax(-1)
        average = windows_of(x, size, stride, pads, 0).sum(-1) / counts.clamp(min=1)
        return {T.MAX: greatest, T.AVERAGE: average}.get(kind, (1 - blend) * greatest + blend * average)

    return reference
