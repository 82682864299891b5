"""Layers of neural networks: convolution, pooling, normalization, resize."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tensorrt as trt
import torch

from torch_tensorrt.dynamo.conversion._dims import Length, known
from torch_tensorrt.dynamo.conversion._weights import Const

if TYPE_CHECKING:
    from torch_tensorrt.dynamo.conversion._builder import Builder, Value

Axes = Sequence[int]


def _per_axis(value: int | Axes, count: int) -> tuple[int, ...]:
    """A parameter given once or once per spatial axis."""
    items = (value,) if isinstance(value, int) else tuple(value)
    return items * count if len(items) == 1 else items


class NeuralLayers:
    """Convolution, pooling, normalization and resize layers of the Builder."""

    def conv(
        self: Builder,
        x: Value,
        weight: Const | trt.ITensor,
        bias: Const | trt.ITensor | None = None,
        stride: int | Axes = 1,
        padding: int | Axes = 0,
        dilation: int | Axes = 1,
        groups: int = 1,
        transposed: bool = False,
        output_padding: int | Axes = 0,
    ) -> trt.ITensor:
        """aten.convolution for 1 to 3 spatial axes, with and without a batch axis."""
        x = self.tensor(x)
        spatial = self.rank(weight) - 2
        if self.rank(x) == spatial + 1:
            lifted = self.conv(
                self.unsqueeze(x, [0]),
                weight,
                bias,
                stride,
                padding,
                dilation,
                groups,
                transposed,
                output_padding,
            )
            return self.squeeze(lifted, [0])
        params = [_per_axis(p, spatial) for p in (stride, padding, dilation, output_padding)]
        if spatial == 1:  # TensorRT has two and three axes: a first one of length 1 changes nothing
            params = [(neutral, *p) for neutral, p in zip((1, 0, 1, 0), params, strict=False)]
            lifted = self._conv_nd(
                self.unsqueeze(x, [2]), self._lift_kernel(weight), bias, params, groups, transposed
            )
            return self.squeeze(lifted, [2])
        return self._conv_nd(x, weight, bias, params, groups, transposed)

    def _lift_kernel(self: Builder, weight: Const | trt.ITensor) -> Const | trt.ITensor:
        if isinstance(weight, Const):
            return weight.with_value(weight.value.unsqueeze(2))
        return self.unsqueeze(weight, [2])

    def _conv_nd(
        self: Builder,
        x: trt.ITensor,
        weight: Const | trt.ITensor,
        bias: Const | trt.ITensor | None,
        params: list[tuple[int, ...]],
        groups: int,
        transposed: bool,
    ) -> trt.ITensor:
        stride, padding, dilation, extra = params
        # Output padding takes from the padding at the end; what is more than that is appended below as zeros.
        post = tuple(max(p - e, 0) for p, e in zip(padding, extra, strict=False))
        missing = tuple(max(e - p, 0) for p, e in zip(padding, extra, strict=False))
        later_bias = bias if any(missing) else None
        bias = None if any(missing) else bias
        layer, kind = self._add_conv(x, weight, bias, groups, transposed)
        if layer is not None:
            layer.stride_nd, layer.dilation_nd, layer.num_groups = stride, dilation, groups
            layer.pre_padding, layer.post_padding = padding, post
            for index, operand in ((1, weight), (2, bias)):
                if isinstance(operand, trt.ITensor):
                    layer.set_input(index, operand)
        y = self.emit(layer, kind)
        for role, operand in (("KERNEL", weight), ("BIAS", bias)):
            self.record(layer, role, operand if isinstance(operand, Const) else None)
        return self._append_zeros(y, missing, later_bias) if any(missing) else y

    def _add_conv(
        self: Builder,
        x: trt.ITensor,
        weight: Const | trt.ITensor,
        bias: Const | trt.ITensor | None,
        groups: int,
        transposed: bool,
    ) -> tuple[trt.ILayer | None, str]:
        shape = self.shape(weight)
        if not known(*shape):
            raise self.error("A convolution needs a kernel of known size", f"kernel lengths {list(shape)}")
        for role, operand in (("A kernel", weight), ("A bias", bias)):
            if isinstance(operand, trt.ITensor):
                self.require_same(f"{role} and its input", x, operand)
        kernel = self.weights(weight if isinstance(weight, Const) else None, "kernel", x)
        offset = self.weights(bias if isinstance(bias, Const) else None, "bias", x)
        maps = shape[1] * groups if transposed else shape[0]
        add = self.network.add_deconvolution_nd if transposed else self.network.add_convolution_nd
        return add(x, maps, shape[2:], kernel, offset), "DECONVOLUTION" if transposed else "CONVOLUTION"

    def _append_zeros(
        self: Builder, y: trt.ITensor, missing: tuple[int, ...], bias: Const | trt.ITensor | None
    ) -> trt.ITensor:
        size = self.shape(y)
        grown = [*size[:2], *(n + m for n, m in zip(size[2:], missing, strict=False))]
        y = self.slice(y, [0] * len(size), grown, mode=trt.SampleMode.FILL, fill=0)
        if bias is None:
            return y
        return self.add(y, self.reshape(bias, [1, -1] + [1] * len(missing)))

    def pool(
        self: Builder,
        kind: trt.PoolingType,
        x: Value,
        window: int | Axes,
        stride: int | Axes | None = None,
        padding: int | Axes = 0,
        ceil: bool = False,
        count_padding: bool = True,
        spatial: int = 2,
    ) -> trt.ITensor:
        """Pooling over the last `spatial` axes; the stride is the window where it is not given."""
        x = self.tensor(x)
        size, pad = _per_axis(window, spatial), _per_axis(padding, spatial)
        step = _per_axis(stride, spatial) if stride not in (None, [], ()) else size
        if self.rank(x) == spatial + 1:
            lifted = self.pool(kind, self.unsqueeze(x, [0]), size, step, pad, ceil, count_padding, spatial)
            return self.squeeze(lifted, [0])
        if spatial == 1:
            one = self.unsqueeze(x, [2])
            return self.squeeze(
                self.pool(kind, one, (1, *size), (1, *step), (0, *pad), ceil, count_padding), [2]
            )
        layer = self.network.add_pooling_nd(x, kind, size)
        if layer is not None:
            layer.stride_nd, layer.padding_nd = step, pad
            layer.padding_mode = (
                trt.PaddingMode.EXPLICIT_ROUND_UP if ceil else trt.PaddingMode.EXPLICIT_ROUND_DOWN
            )
            if kind == trt.PoolingType.AVERAGE:
                layer.average_count_excludes_padding = not count_padding
        return self.emit(layer, "POOLING")

    def normalize(
        self: Builder,
        x: Value,
        scale: Value | None,
        bias: Value | None,
        axes: Axes,
        eps: float,
        groups: int = 1,
        per_channel: bool | None = None,
    ) -> trt.ITensor:
        """(x - mean) / sqrt(variance + eps) * scale + bias over `axes` (and within `groups` groups of
        channels).

        scale and bias have the rank of x, or belong to the last axes, or with `per_channel` (default:
        groups != 1) to axis 1.
        """
        x = self.tensor(x)
        channels = groups != 1 if per_channel is None else per_channel
        masked = self.axes(x, axes)
        scale = self._affine(x, scale, 1.0, masked, channels)
        bias = self._affine(x, bias, 0.0, masked, channels)
        self.require_same("A normalization with its scale and bias", x, scale, bias)
        add = getattr(self.network, "add_normalization_v2", None) or self.network.add_normalization
        layer = add(x, scale, bias, sum(1 << i for i in masked))
        if layer is not None:
            layer.epsilon, layer.num_groups = eps, groups
        return self.emit(layer, "NORMALIZATION")

    def _affine(
        self: Builder, x: trt.ITensor, given: Value | None, default: float, axes: Axes, channels: bool
    ) -> trt.ITensor:
        rank, size = self.rank(x), self.shape(x)
        if given is None:
            kept = [1] if channels else axes
            dims = [n if i in kept and isinstance(n, int) else 1 for i, n in enumerate(size)]
            return self.tensor(
                Const(torch.full(dims, default, dtype=self.dtype(x)), f"the default {default}")
            )
        if not channels or self.rank(given) == rank:
            return self.tensor(given, rank=rank)
        if isinstance(given, Const):
            return self.tensor(given.with_value(given.value.reshape([1, -1] + [1] * (rank - 2))))
        return self.reshape(given, [1, -1] + [1] * (rank - 2))

    def resize(
        self: Builder,
        x: Value,
        mode: trt.InterpolationMode,
        size: Sequence[Length] | None = None,
        scales: Sequence[float] | None = None,
        coordinates: trt.ResizeCoordinateTransformation = trt.ResizeCoordinateTransformation.HALF_PIXEL,
        rounding: trt.ResizeRoundMode | None = None,
        cubic: float | None = None,
    ) -> trt.ITensor:
        """Interpolates to lengths or by factors; both are given for every axis, leading ones unchanged."""
        layer = self.network.add_resize(self.tensor(x))
        if layer is not None:
            layer.resize_mode, layer.coordinate_transformation = mode, coordinates
            if rounding is not None:
                layer.nearest_rounding = rounding
            if cubic is not None:
                layer.cubic_coeff = cubic
            if size is None:
                layer.scales = list(scales or ())
            elif known(*size):
                layer.shape = tuple(size)
            else:
                layer.set_input(1, self.lengths(size))
        return self.emit(layer, "RESIZE")
