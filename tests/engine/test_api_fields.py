"""Every property of every layer: its default, and that setting it changes it and nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorrt as trt

from tests.engine._session import Session

Add = Callable[[Session], trt.ILayer]
NONE = trt.Weights()


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
            "indices_type": (trt.int32, [trt.int64]),
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
            lambda n, x, s, b: n.add_normalization_v2(x, s, b, 0b1100),
            (trt.float32, (1, 4, 1, 1)),
            (trt.float32, (1, 4, 1, 1)),
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
        if hasattr(trt, "IRotaryEmbeddingLayer")
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


def read(layer: trt.ILayer, name: str) -> Any:
    value = getattr(layer, name)
    if not isinstance(value, (trt.Dims, tuple)):
        return value
    try:
        return tuple(value)
    except ValueError:  # the bindings' way to say that nbDims is -1
        return None


@pytest.mark.parametrize(("add", "fields"), [row[1:] for row in LAYERS], ids=[row[0] for row in LAYERS])
def test_fields(add: Add, fields: dict[str, tuple[Any, list[Any]]]) -> None:
    for name, (default, others) in fields.items():
        for other in others:
            session = Session()
            layer = add(session)
            assert layer is not None, session.logger.errors()
            before = {field: read(layer, field) for field in fields}
            assert before[name] == default, name
            setattr(layer, name, other)
            assert session.logger.errors() == []
            assert read(layer, name) == other, name
            assert {field: read(layer, field) for field in fields if field != name} == {
                field: value for field, value in before.items() if field != name
            }


def test_paddings_together() -> None:
    session = Session()
    for layer in (
        session.network.add_pooling_nd(image(session), trt.PoolingType.MAX, (3, 3)),
        session.network.add_convolution_nd(session.network.get_input(0), 2, (3, 3), floats(2, 4, 3, 3), NONE),
    ):
        layer.padding_nd = (1, 2)
        assert tuple(layer.padding_nd) == tuple(layer.pre_padding) == tuple(layer.post_padding) == (1, 2)


def test_weights_come_back() -> None:
    session = Session()
    kernel, bias = floats(4, 4, 3, 3) * 2, floats(4) * 3
    layer = session.network.add_convolution_nd(image(session), 4, (3, 3), kernel, bias)
    assert np.array_equal(layer.kernel.reshape(kernel.shape), kernel)
    assert np.array_equal(layer.bias, bias)
    scale = session.network.add_scale(
        session.network.get_input(0), trt.ScaleMode.CHANNEL, bias, bias * 2, bias * 3
    )
    assert scale.channel_axis == 1
    assert np.array_equal(scale.shift, bias) and np.array_equal(scale.scale, bias * 2)
    assert np.array_equal(scale.power, bias * 3)


def test_permutations() -> None:
    layer = (session := Session()).network.add_shuffle(image(session))
    layer.first_transpose = (0, 2, 3, 1)
    layer.second_transpose = (3, 0, 1, 2)
    assert tuple(layer.first_transpose)[:4] == (0, 2, 3, 1)
    assert tuple(layer.second_transpose)[:4] == (3, 0, 1, 2)
    layer.second_transpose = (0, 0, 1, 2)
    assert "not a permutation" in session.logger.last_error()
    assert tuple(layer.second_transpose)[:4] == (3, 0, 1, 2)


def test_fill_with_integers() -> None:
    session = Session()
    layer = session.network.add_fill((4,), trt.FillOperation.LINSPACE, trt.int64)
    assert layer.to_type == trt.int64
    layer.alpha, layer.beta = 2, 3
    assert (layer.alpha, layer.beta) == (2, 3)


@pytest.mark.parametrize(("index", "field"), [(1, "start"), (2, "shape"), (3, "stride")])
def test_tensors_replace_static_lists_and_the_other_way_round(index: int, field: str) -> None:
    session = Session()
    layer = session.network.add_slice(image(session), (0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1))
    layer.set_input(index, session.input("list", (4,), trt.int64))
    assert read(layer, field) is None
    assert layer.num_inputs == index + 1
    setattr(layer, field, (1, 1, 1, 1))
    assert read(layer, field) == (1, 1, 1, 1)
    assert layer.get_input(index) is None
    assert session.logger.errors() == []


def test_slice_without_static_lists() -> None:
    session = Session()
    layer = session.network.add_slice(image(session), trt.Dims(), trt.Dims(), trt.Dims())
    assert layer is not None, session.logger.errors()
    for index in (1, 2, 3):
        layer.set_input(index, session.input(f"list{index}", (4,), trt.int64))
    assert tuple(layer.get_output(0).shape) == (-1, -1, -1, -1)
    assert session.logger.errors() == []


def test_reshape_and_k_from_tensors() -> None:
    session = Session()
    x = image(session)
    shuffle = session.network.add_shuffle(x)
    shuffle.set_input(1, session.input("dims", (3,), trt.int32))
    assert read(shuffle, "reshape_dims") is None
    assert tuple(shuffle.get_output(0).shape) == (-1, -1, -1)
    shuffle.reshape_dims = (8, 64)
    assert shuffle.get_input(1) is None and shuffle.num_inputs == 2
    topk = session.network.add_topk(x, trt.TopKOperation.MAX, 2, 1 << 3)
    topk.set_input(1, session.input("k", (), trt.int32))
    assert topk.k == -1
    topk.k = 4
    assert topk.k == 4 and topk.get_input(1) is None
    assert session.logger.errors() == []
