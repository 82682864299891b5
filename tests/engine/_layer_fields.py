"""Every property of every layer: its default and other values that it takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorrt as trt

from tests.engine._members import should_have
from tests.engine._session import Session

Add = Callable[[Session], trt.ILayer]
NONE = trt.Weights()
NORMALIZATION_V2 = should_have("INetworkDefinition.add_normalization_v2")


def floats(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def image(session: Session) -> trt.ITensor:
    return session.input("x", (2, 4, 8, 8))


def network_of(add: Callable[[trt.INetworkDefinition, trt.ITensor], trt.ILayer]) -> Add:
    return lambda session: add(session.network, image(session))


def with_operands(add: Callable[..., trt.ILayer], *operands: tuple[Any, tuple[int, ...]]) -> Add:
    def build(session: Session) -> trt.ILayer:
        tensors = [session.input(f"operand{i}", shape, dtype) for i, (dtype, shape) in enumerate(operands)]
        return add(session.network, image(session), *tensors)

    return build


def cumulative(session: Session) -> trt.ILayer:
    axis = np.zeros((), np.int32)
    session.kept = axis
    constant = session.network.add_constant((), trt.Weights(trt.int32, axis.ctypes.data, 1))
    x = image(session)
    return session.network.add_cumulative(
        x, constant.get_output(0), trt.CumulativeOperation.SUM, False, False
    )


# (layer, how to add it, {property: (default, other values)})
LAYERS: list[tuple[str, Add, dict[str, tuple[Any, list[Any]]]]] = [
    (
        "activation",
        network_of(lambda n, x: n.add_activation(x, trt.ActivationType.RELU)),
        {
            "type": (trt.ActivationType.RELU, list(trt.ActivationType.__members__.values())),
            "alpha": (0.0, [0.5]),
            "beta": (0.0, [-2.0]),
        },
    ),
    (
        "elementwise",
        with_operands(
            lambda n, x, y: n.add_elementwise(x, y, trt.ElementWiseOperation.SUM), (trt.float32, (1, 4, 8, 1))
        ),
        {
            "op": (
                trt.ElementWiseOperation.SUM,
                [trt.ElementWiseOperation.FLOOR_DIV, trt.ElementWiseOperation.LESS],
            )
        },
    ),
    (
        "unary",
        network_of(lambda n, x: n.add_unary(x, trt.UnaryOperation.EXP)),
        {"op": (trt.UnaryOperation.EXP, [trt.UnaryOperation.ERF, trt.UnaryOperation.ISNAN])},
    ),
    (
        "cast",
        network_of(lambda n, x: n.add_cast(x, trt.int32)),
        {"to_type": (trt.int32, [trt.float16, trt.bfloat16, trt.int64, trt.bool])},
    ),
    (
        "softmax",
        network_of(lambda n, x: n.add_softmax(x)),
        {"axes": (1 << 1, [1 << 3])},
    ),
    (
        "reduce",
        network_of(lambda n, x: n.add_reduce(x, trt.ReduceOperation.SUM, 0b11, False)),
        {
            "op": (trt.ReduceOperation.SUM, [trt.ReduceOperation.AVG]),
            "axes": (0b11, [0b1000]),
            "keep_dims": (False, [True]),
        },
    ),
    (
        "topk",
        network_of(lambda n, x: n.add_topk(x, trt.TopKOperation.MAX, 3, 1 << 3)),
        {
            "op": (trt.TopKOperation.MAX, [trt.TopKOperation.MIN]),
            "k": (3, [1]),
            "axes": (1 << 3, [1 << 1]),
            **({"indices_type": (trt.int32, [trt.int64])} if should_have("ITopKLayer.indices_type") else {}),
        },
    ),
    ("cumulative", cumulative, {"exclusive": (False, [True]), "reverse": (False, [True])}),
    (
        "matrix multiply",
        with_operands(
            lambda n, x, y: n.add_matrix_multiply(
                x, trt.MatrixOperation.NONE, y, trt.MatrixOperation.TRANSPOSE
            ),
            (trt.float32, (2, 4, 8, 8)),
        ),
        {
            "op0": (trt.MatrixOperation.NONE, [trt.MatrixOperation.TRANSPOSE]),
            "op1": (trt.MatrixOperation.TRANSPOSE, [trt.MatrixOperation.NONE]),
        },
    ),
    (
        "einsum",
        with_operands(lambda n, x, y: n.add_einsum([x, y], "abcd,abcd->ab"), (trt.float32, (2, 4, 8, 8))),
        {"equation": ("abcd,abcd->ab", ["abcd,abcd->cd"])},
    ),
    (
        "normalization",
        with_operands(
            lambda n, x, s, b: (n.add_normalization_v2 if NORMALIZATION_V2 else n.add_normalization)(
                x, s, b, 0b1100
            ),
            (trt.float32, (1, 4 if NORMALIZATION_V2 else 1, 1, 1)),
            (trt.float32, (1, 4 if NORMALIZATION_V2 else 1, 1, 1)),
        ),
        {
            "epsilon": (pytest.approx(1e-5), [0.5]),
            "axes": (0b1100, [0b1000]),
            "num_groups": (1, [2]),
        },
    ),
    (
        "scale",
        network_of(lambda n, x: n.add_scale_nd(x, trt.ScaleMode.UNIFORM, floats(1), floats(1), NONE, 1)),
        {"mode": (trt.ScaleMode.UNIFORM, [trt.ScaleMode.CHANNEL]), "channel_axis": (1, [2])},
    ),
    (
        "convolution",
        network_of(lambda n, x: n.add_convolution_nd(x, 4, (3, 3), floats(4, 4, 3, 3), floats(4))),
        {
            "num_output_maps": (4, [8]),
            "kernel_size_nd": ((3, 3), [(1, 2)]),
            "stride_nd": ((1, 1), [(2, 3)]),
            "dilation_nd": ((1, 1), [(2, 1)]),
            "num_groups": (1, [2]),
            "pre_padding": ((0, 0), [(1, 0)]),
            "post_padding": ((0, 0), [(0, 1)]),
            "padding_mode": (trt.PaddingMode.EXPLICIT_ROUND_DOWN, [trt.PaddingMode.SAME_LOWER]),
        },
    ),
    (
        "deconvolution",
        network_of(lambda n, x: n.add_deconvolution_nd(x, 4, (3, 3), floats(4, 4, 3, 3), floats(4))),
        {
            "num_output_maps": (4, [8]),
            "kernel_size_nd": ((3, 3), [(2, 1)]),
            "stride_nd": ((1, 1), [(3, 2)]),
            "dilation_nd": ((1, 1), [(1, 2)]),
            "num_groups": (1, [4]),
            "pre_padding": ((0, 0), [(1, 0)]),
            "post_padding": ((0, 0), [(0, 1)]),
            "padding_mode": (trt.PaddingMode.EXPLICIT_ROUND_DOWN, [trt.PaddingMode.SAME_UPPER]),
        },
    ),
    (
        "pooling",
        network_of(lambda n, x: n.add_pooling_nd(x, trt.PoolingType.MAX, (2, 2))),
        {
            "type": (trt.PoolingType.MAX, [trt.PoolingType.MAX_AVERAGE_BLEND]),
            "window_size_nd": ((2, 2), [(3, 1)]),
            "stride_nd": ((1, 1), [(2, 1)]),
            "pre_padding": ((0, 0), [(1, 0)]),
            "post_padding": ((0, 0), [(0, 1)]),
            "padding_mode": (trt.PaddingMode.EXPLICIT_ROUND_DOWN, [trt.PaddingMode.EXPLICIT_ROUND_UP]),
            "blend_factor": (0.0, [0.25]),
            "average_count_excludes_padding": (True, [False]),
        },
    ),
    (
        "shuffle",
        network_of(lambda n, x: n.add_shuffle(x)),
        {"reshape_dims": (None, [(8, 64), (2, -1)]), "zero_is_placeholder": (True, [False])},
    ),
    (
        "slice",
        network_of(lambda n, x: n.add_slice(x, (0, 0, 0, 0), (2, 4, 4, 4), (1, 1, 2, 2))),
        {
            "start": ((0, 0, 0, 0), [(0, 0, 1, 1)]),
            "shape": ((2, 4, 4, 4), [(1, 1, 1, 1)]),
            "stride": ((1, 1, 2, 2), [(1, 1, 1, 1)]),
            "mode": (trt.SampleMode.STRICT_BOUNDS, [trt.SampleMode.WRAP, trt.SampleMode.REFLECT]),
        },
    ),
    (
        "concatenation",
        with_operands(lambda n, x, y: n.add_concatenation([x, y]), (trt.float32, (2, 4, 8, 8))),
        {"axis": (1, [0, 3])},
    ),
    (
        "gather",
        with_operands(lambda n, x, i: n.add_gather(x, i, 1), (trt.int32, (2, 3))),
        {
            "axis": (1, [3]),
            "num_elementwise_dims": (0, [1]),
            "mode": (trt.GatherMode.DEFAULT, [trt.GatherMode.ND, trt.GatherMode.ELEMENT]),
        },
    ),
    (
        "scatter",
        with_operands(
            lambda n, x, i, u: n.add_scatter(x, i, u, trt.ScatterMode.ELEMENT),
            (trt.int32, (2, 4, 8, 8)),
            (trt.float32, (2, 4, 8, 8)),
        ),
        {
            "axis": (0, [1, 3]),
            "mode": (trt.ScatterMode.ELEMENT, [trt.ScatterMode.ND]),
        },
    ),
    (
        "one hot",
        with_operands(
            lambda n, _, i, v, d: n.add_one_hot(i, v, d, 1),
            (trt.int32, (2, 3)),
            (trt.float32, (2,)),
            (trt.int32, ()),
        ),
        {"axis": (1, [0, 2, -1, -3])},
    ),
    (
        "grid sample",
        with_operands(lambda n, x, grid: n.add_grid_sample(x, grid), (trt.float32, (2, 5, 6, 2))),
        {
            "interpolation_mode": (
                trt.InterpolationMode.LINEAR,
                [trt.InterpolationMode.NEAREST, trt.InterpolationMode.CUBIC],
            ),
            "align_corners": (False, [True]),
            "sample_mode": (trt.SampleMode.FILL, [trt.SampleMode.CLAMP, trt.SampleMode.REFLECT]),
        },
    ),
    (
        "reverse sequence",
        with_operands(lambda n, x, lengths: n.add_reverse_sequence(x, lengths), (trt.int32, (4,))),
        {"batch_axis": (1, [2]), "sequence_axis": (0, [3])},
    ),
    (
        "lrn",
        network_of(lambda n, x: n.add_lrn(x, 5, 0.5, 0.75, 2.0)),
        {"window_size": (5, [1, 15]), "alpha": (0.5, [-1.0]), "beta": (0.75, [2.0]), "k": (2.0, [1.0])},
    ),
    (
        "assertion",
        with_operands(lambda n, _, c: n.add_assertion(c, "a message"), (trt.bool, (2,))),
        {"message": ("a message", ["another", ""])},
    ),
    *(
        [
            (
                "rotary embedding",
                with_operands(
                    lambda n, x, cos, sin: n.add_rotary_embedding(x, cos, sin, True, 4),
                    (trt.float32, (2, 8, 2)),
                    (trt.float32, (2, 8, 2)),
                ),
                {"interleaved": (True, [False]), "rotary_embedding_dim": (4, [0, 2])},
            )
        ]
        if should_have("IRotaryEmbeddingLayer")
        else []
    ),
    (
        "padding",
        network_of(lambda n, x: n.add_padding_nd(x, (1, 2), (3, 4))),
        {"pre_padding_nd": ((1, 2), [(0, -1)]), "post_padding_nd": ((3, 4), [(5, 6)])},
    ),
    (
        "resize",
        network_of(lambda n, x: n.add_resize(x)),
        {
            "resize_mode": (trt.InterpolationMode.NEAREST, [trt.InterpolationMode.CUBIC]),
            "coordinate_transformation": (
                trt.ResizeCoordinateTransformation.ASYMMETRIC,
                [trt.ResizeCoordinateTransformation.HALF_PIXEL],
            ),
            "selector_for_single_pixel": (trt.ResizeSelector.FORMULA, [trt.ResizeSelector.UPPER]),
            "nearest_rounding": (trt.ResizeRoundMode.FLOOR, [trt.ResizeRoundMode.CEIL]),
            "cubic_coeff": (-0.75, [-0.5]),
            "exclude_outside": (False, [True]),
        },
    ),
    (
        "fill",
        lambda s: s.network.add_fill((3,), trt.FillOperation.LINSPACE, trt.float32),
        {
            "shape": ((3,), [(5,)]),
            "operation": (trt.FillOperation.LINSPACE, [trt.FillOperation.RANDOM_UNIFORM]),
            "alpha": (0.0, [2.0]),
            "beta": (1.0, [0.5]),
        },
    ),
    (
        "constant",
        lambda s: s.network.add_constant((2, 3), floats(2, 3)),
        {"shape": ((2, 3), [(6,), (1, 6)])},
    ),
]
