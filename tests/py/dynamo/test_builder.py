"""The builder: each method against torch, static and dynamic; constants, names, errors."""

import pytest
import tensorrt as trt
import torch
import torch.nn.functional as F
from torch_tensorrt._errors import ConversionError, DtypeContractError, Int64RangeError
from torch_tensorrt.dynamo.conversion._dims import largest, prod, smallest
from torch_tensorrt.dynamo.conversion._promote import Kind
from torch_tensorrt.dynamo.conversion._weights import Const

from tests.py.dynamo.networks import Network, run
from tests.util.oracle import assert_as_good_as_eager

BOTH = pytest.mark.parametrize("dynamic", [(), (0,), (0, 1)], ids=["static", "batch", "both"])
X = torch.randn(3, 4, 5)


def same(function, reference, *examples, dynamic=()):
    expected = reference(*examples)
    torch.testing.assert_close(run(function, *examples, dynamic=dynamic), expected)
    if dynamic:
        sizes = {0: 7, 1: 6}
        others = [
            torch.randn([sizes[a] if a in dynamic else n for a, n in enumerate(x.shape)]).to(x.dtype)
            for x in examples
        ]
        torch.testing.assert_close(
            run(function, *examples, dynamic=dynamic, inputs=others), reference(*others)
        )


RESHAPES = {
    "flatten": (lambda b, x: b.flatten(x), lambda x: x.flatten()),
    "flatten_tail": (lambda b, x: b.flatten(x, 1), lambda x: x.flatten(1)),
    "swap_sizes": (
        lambda b, x: b.reshape(x, [b.shape(x)[1], b.shape(x)[0], 5]),
        lambda x: x.reshape(x.shape[1], x.shape[0], 5),
    ),
    "split": (
        lambda b, x: b.reshape(x, [*b.shape(x)[:2], 5, 1, 1]),
        lambda x: x.reshape(*x.shape[:2], 5, 1, 1),
    ),
    "minus_one": (lambda b, x: b.reshape(x, [-1, 5]), lambda x: x.reshape(-1, 5)),
    "product": (
        lambda b, x: b.reshape(x, [prod(b.shape(x)[:2]), 5]),
        lambda x: x.reshape(-1, 5),
    ),
    "unsqueeze_ends": (lambda b, x: b.unsqueeze(x, [0, 4]), lambda x: x[None, ..., None]),
    "unsqueeze_middle": (lambda b, x: b.unsqueeze(x, [1, 2]), lambda x: x[:, None, None]),
    "squeeze": (lambda b, x: b.squeeze(b.unsqueeze(x, [1]), [1]), lambda x: x),
    "permute": (lambda b, x: b.permute(x, [2, -3, 1]), lambda x: x.permute(2, 0, 1)),
    "expand": (
        lambda b, x: b.expand(b.unsqueeze(x, [1]), [2, -1, 3, *b.shape(x)[1:]]),
        lambda x: x[:, None].expand(2, x.shape[0], 3, *x.shape[1:]),
    ),
    "narrow": (lambda b, x: b.narrow(x, 2, 1, 3), lambda x: x.narrow(2, 1, 3)),
    "narrow_end": (
        lambda b, x: b.narrow(x, 1, b.shape(x)[1] - 2, 2),
        lambda x: x[:, -2:],
    ),
    "every_second": (
        lambda b, x: b.narrow(x, 1, 0, (b.shape(x)[1] + 1) // 2, 2),
        lambda x: x[:, ::2],
    ),
    "backwards": (lambda b, x: b.narrow(x, 0, b.shape(x)[0] - 1, b.shape(x)[0], -1), lambda x: x.flip(0)),
    "concat": (lambda b, x: b.concat([x, x, x], 1), lambda x: torch.cat([x, x, x], 1)),
    "full_like": (lambda b, x: b.full_like(x, 3.5), lambda x: torch.full_like(x, 3.5)),
    "zeros": (lambda b, x: b.zeros_like(x), torch.zeros_like),
    "half_of_it": (
        lambda b, x: b.narrow(x, 0, 0, smallest(b.shape(x)[0], 2)),
        lambda x: x[:2],
    ),
    "at_least": (
        lambda b, x: b.full([largest(b.shape(x)[0], 5), 2], 1, torch.int64),
        lambda x: torch.ones(max(x.shape[0], 5), 2, dtype=torch.int64),
    ),
    "modulo": (
        lambda b, x: b.full([b.shape(x)[0] % 2 + 1], True, torch.bool),
        lambda x: torch.ones(x.shape[0] % 2 + 1, dtype=torch.bool),
    ),
}


@BOTH
@pytest.mark.parametrize("name", RESHAPES)
def test_shapes(name, dynamic):
    same(*RESHAPES[name], X, dynamic=dynamic)


E, U, A, R = trt.ElementWiseOperation, trt.UnaryOperation, trt.ActivationType, trt.ReduceOperation

MATH = {
    "add_number": (lambda b, x: b.add(x, 2.5), lambda x: x + 2.5),
    "number_first": (lambda b, x: b.sub(1, x), lambda x: 1 - x),
    "greater_equal": (lambda b, x: b.greater_equal(x, 0), lambda x: x >= 0),
    "not_equal": (lambda b, x: b.not_equal(x, x), lambda x: x != x),
    "logical": (lambda b, x: b.logical_xor(b.less(x, 0), b.greater(x, 1)), lambda x: (x < 0) ^ (x > 1)),
    "bool_sum": (lambda b, x: b.add(b.less(x, 0), b.greater(x, 1)), lambda x: (x < 0) | (x > 1)),
    "neg": (lambda b, x: b.neg(x), lambda x: -x),
    "clip": (lambda b, x: b.activation(A.CLIP, x, -0.5, 0.5), lambda x: x.clip(-0.5, 0.5)),
    "sum": (lambda b, x: b.reduce(R.SUM, x, [0, -1], True), lambda x: x.sum((0, 2), True)),
    "sum_all": (lambda b, x: b.reduce(R.SUM, x, None), lambda x: x.sum()),
    "softmax": (lambda b, x: b.softmax(x, -1), lambda x: x.softmax(-1)),
    "topk": (lambda b, x: b.topk(x, 2, -1), lambda x: tuple(x.topk(2, -1))),
    "smallest": (lambda b, x: b.topk(x, 1, 2, largest=False), lambda x: tuple(x.topk(1, 2, largest=False))),
    "cumsum": (lambda b, x: b.cumulative(x, -1), lambda x: x.cumsum(-1)),
    "matmul": (lambda b, x: b.matmul(x, x, transpose_y=True), lambda x: x @ x.mT),
    "matrix_vector": (
        lambda b, x: b.matmul(x, Const(torch.ones(5), "ones")),
        lambda x: x @ torch.ones(5),
    ),
    "vector_matrix": (
        lambda b, x: b.matmul(Const(torch.ones(5), "ones"), x, transpose_y=True),
        lambda x: torch.ones(5) @ x.mT,
    ),
    "einsum": (
        lambda b, x: b.einsum("bij, bkj -> bik", [x, x]),
        lambda x: torch.einsum("bij,bkj->bik", x, x),
    ),
    "select": (lambda b, x: b.select(b.less(x, 0), 0.0, x), lambda x: torch.where(x < 0, 0.0, x)),
    "layer_norm": (
        lambda b, x: b.normalize(x, Const(torch.arange(5.0), "w"), None, [2], 1e-3),
        lambda x: F.layer_norm(x, (5,), torch.arange(5.0), None, 1e-3),
    ),
    "arange": (
        lambda b, x: b.arange(2, b.shape(x)[0], 3),
        lambda x: torch.arange(2, 2 + 3 * x.shape[0], 3),
    ),
    "arange_half": (
        lambda b, x: b.arange(0.5, b.shape(x)[0], 0.25, torch.float16),
        lambda x: (torch.arange(x.shape[0]) * 0.25 + 0.5).half(),
    ),
    "length_as_number": (
        lambda b, x: b.mul(x, b.cast(b.shape(x)[0], torch.float32)),
        lambda x: x * x.shape[0],
    ),
}


@BOTH
@pytest.mark.parametrize("name", MATH)
def test_math(name, dynamic):
    same(*MATH[name], X, dynamic=dynamic)


def test_integer_rules():
    x = torch.tensor([-7, 3, 2**40])
    same(lambda b, x: b.neg(x), lambda x: -x, x)
    same(lambda b, x: b.unary(U.FLOOR, x), lambda x: x, x)
    same(lambda b, x: b.pow(x, 3), lambda x: x**3, torch.tensor([-3, 0, 5]))
    same(lambda b, x: b.pow(x, 0), lambda x: x**0, torch.tensor([-3, 0, 5]))
    same(lambda b, x: b.floor_div(x, 2), lambda x: x // 2, x)


def test_scalars():
    same(lambda b, x: b.softmax(x, 0), lambda x: x.softmax(0), torch.tensor(2.0))
    same(lambda b, x: b.reduce(R.MAX, x, None), lambda x: x.amax(), torch.tensor(2.0))
    same(lambda b, x: b.topk(x, 1, 0), lambda x: tuple(x.topk(1)), torch.tensor(2.0))
    same(lambda b, x: b.flatten(x), lambda x: x.flatten(), torch.tensor(2.0))


def test_promotion_of_values():
    def function(b, x, n):
        half, whole = b.promote(x, n)
        number, same_half = b.promote(2.5, x)
        assert b.dtype(half) == b.dtype(whole) == torch.float16
        assert b.dtype(number) == torch.float16 and isinstance(number, Const)
        assert b.promote(None, n)[0] is None
        assert b.common_dtype(n, 2) == torch.int64 and b.common_dtype(n, 2.0) == torch.float32
        assert b.common_dtype(n, n, kind=Kind.INT_TO_FLOAT) == torch.float32
        return b.add(half, whole)

    x, n = torch.randn(3).half(), torch.arange(3)
    torch.testing.assert_close(run(function, x, n), x + n)


def test_number_that_does_not_fit():
    network = Network(torch.ones(2, dtype=torch.int32))
    with pytest.raises(Int64RangeError, match="the number 4294967296"):
        network.b.add(network.inputs[0], 2**32)


CONVOLUTIONS = [
    # input, kernel, stride, padding, dilation, groups, transposed, output padding
    ((2, 4, 9), (6, 4, 3), 2, 1, 1, 1, False, 0),
    ((2, 4, 9, 8), (6, 2, 3, 2), (2, 1), (1, 0), (1, 2), 2, False, 0),
    ((1, 2, 5, 6, 7), (3, 2, 2, 2, 2), 1, 1, 1, 1, False, 0),
    ((2, 4, 9), (4, 3, 3), 2, 1, 1, 1, True, 1),
    ((2, 4, 5, 6), (4, 3, 3, 3), 2, 0, 1, 2, True, 1),
    ((4, 9, 8), (6, 4, 3, 3), 1, 0, 1, 1, False, 0),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kernel_is_tensor", [False, True])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda c: f"{len(c[1]) - 2}d{'t' if c[6] else ''}{c[5]}")
def test_convolution(case, kernel_is_tensor, dtype):
    shape, kernel, stride, padding, dilation, groups, transposed, extra = case
    x, w = torch.randn(shape).to(dtype), torch.randn(kernel).to(dtype)
    bias = torch.randn(kernel[1] * groups if transposed else kernel[0]).to(dtype)
    spatial = len(kernel) - 2
    unbatched = len(shape) == spatial + 1
    each = [[p] * spatial if isinstance(p, int) else list(p) for p in (stride, padding, dilation, extra)]
    want = torch.ops.aten.convolution(
        x[None] if unbatched else x, w, bias, each[0], each[1], each[2], transposed, each[3], groups
    )

    def function(b, x, *weight):
        parameters = (stride, padding, dilation, groups, transposed, extra)
        return b.conv(x, weight[0] if weight else Const(w, "w"), Const(bias, "bias"), *parameters)

    got = run(function, x, w) if kernel_is_tensor else run(function, x)
    exact = torch.ops.aten.convolution(
        (x[None] if unbatched else x).double(),
        *(w.double(), bias.double(), each[0], each[1], each[2], transposed, each[3], groups),
    )
    pairs = (got, want, exact)
    assert_as_good_as_eager(*((pairs[0], pairs[1][0], pairs[2][0]) if unbatched else pairs))


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("shape", [(2, 3, 9), (2, 3, 9, 8), (3, 9, 8), (1, 2, 5, 6, 7)])
def test_pooling(shape, ceil):
    spatial = {3: 1, 4: 2, 5: 3}[len(shape)] if shape != (3, 9, 8) else 2
    pool = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[spatial]
    same(
        lambda b, x: b.pool(trt.PoolingType.MAX, x, 3, 2, 1, ceil=ceil, spatial=spatial),
        lambda x: pool(x, 3, 2, 1, ceil_mode=ceil),
        torch.randn(shape),
    )


def test_average_pooling_counts_padding_or_not():
    for count in (True, False):
        same(
            lambda b, x, count=count: b.pool(trt.PoolingType.AVERAGE, x, 3, 2, 1, count_padding=count),
            lambda x, count=count: F.avg_pool2d(x, 3, 2, 1, count_include_pad=count),
            torch.randn(1, 2, 7, 7),
        )


def test_group_normalization():
    w, bias = torch.randn(4), torch.randn(4)
    same(
        lambda b, x: b.normalize(x, Const(w, "w"), Const(bias, "b"), [2, 3], 1e-3, groups=2),
        lambda x: F.group_norm(x, 2, w, bias, 1e-3),
        torch.randn(2, 4, 5, 6),
    )


def test_gather():
    x, index = torch.randn(4, 5), torch.tensor([[0, 3], [2, 1]])
    same(lambda b, x, i: b.gather(x, i, 1), lambda x, i: x[:, i], x, index)
    same(
        lambda b, x, i: b.gather(x, i, 0, mode=trt.GatherMode.ELEMENT),
        lambda x, i: x.gather(0, i),
        x,
        index,
    )


def test_scatter():
    x, index = torch.randn(4, 5), torch.tensor([[0, 3], [2, 1]])
    same(
        lambda b, x, i: b.scatter(x, i, b.full_like(i, 7.0, torch.float32), 0),
        lambda x, i: x.scatter(0, i, torch.full(i.shape, 7.0)),
        x,
        index,
    )


def test_resize():
    same(
        lambda b, x: b.resize(x, trt.InterpolationMode.LINEAR, [*b.shape(x)[:2], 8, 9]),
        lambda x: F.interpolate(x, (8, 9), mode="bilinear"),
        torch.randn(1, 2, 4, 5),
    )


def test_padding_by_slicing():
    same(
        lambda b, x: b.slice(x, [-1, 0], [4, 5], mode=trt.SampleMode.FILL, fill=2.0),
        lambda x: F.pad(x, (0, 1, 1, 1), value=2.0),
        torch.randn(2, 4),
    )


def test_equal_constants_are_one_layer():
    network = Network(X)
    b, x = network.b, network.inputs[0]
    w = Const(torch.randn(5, 5), "w")
    b.add(b.matmul(x, w), 1.0)
    before = network.network.num_layers
    b.add(b.matmul(x, w), 1.0)
    assert network.network.num_layers == before + 2


def test_constants_of_other_signs_are_others():
    got = run(lambda b, x: (b.div(x, -0.0), b.div(x, 0.0)), torch.ones(2))
    assert torch.equal(got[0], -got[1])


def test_layers_are_named_after_the_node():
    network = Network(X)
    graph = torch.fx.Graph()
    node = graph.call_function(torch.ops.aten.neg.default, (graph.placeholder("x"),))
    network.b.at(node)
    network.b.neg(network.inputs[0])
    network.b.neg(network.inputs[0])
    names = [network.network.get_layer(i).name for i in range(2)]
    assert names == [
        "[UNARY]-[aten_ops.neg.default]-[neg_default]",
        "[UNARY]-[aten_ops.neg.default]-[neg_default]_2",
    ]


def test_operands_of_two_types_are_refused():
    network = Network(X, X.half())
    with pytest.raises(DtypeContractError, match="it got float32, float16"):
        network.b.add(*network.inputs)


def test_what_the_engine_says_is_in_the_error():
    network = Network(torch.randn(2, 3), torch.randn(4, 5))
    with pytest.raises(
        ConversionError, match=r"MATRIX_MULTIPLY layer on these inputs(.|\n)*float32\[2, 3\], float32\[4, 5\]"
    ):
        network.b.matmul(*network.inputs)
    with pytest.raises(ConversionError, match="engine: .*padding"):
        network.b.emit(network.network.add_padding_nd(network.inputs[0], (0, 0, 0), (0, 0, 0)), "PADDING")


def test_lengths_of_one_symbol_are_one_dim():
    network = Network(X, X, dynamic=(0,))
    b, (x, y) = network.b, network.inputs
    assert b.shape(x)[0] != b.shape(y)[0]
    network = Network(X, X, dynamic=(0,))
    b, (x, y) = network.b, network.inputs
    b.annotate(x, ["s0", 4, 5])
    b.annotate(y, ["s0", 4, 5])
    assert b.shape(x)[0] == b.shape(y)[0] and b.shape(x)[1] == 4
    assert b.shape(x)[0] - b.shape(y)[0] == 0


def test_unknown_length_has_no_truth():
    network = Network(X, dynamic=(0,))
    with pytest.raises(TypeError, match="known only at run time"):
        bool(network.b.shape(network.inputs[0])[0])


def test_arithmetic_folds_what_is_known():
    network = Network(X, dynamic=(0,))
    n = network.b.shape(network.inputs[0])[0]
    before = network.network.num_layers
    assert n + 0 is n and n * 1 is n and n // 1 is n and n * 0 == 0 and n - n == 0 and n % 1 == 0
    assert n * 2 == n * 2
    assert network.network.num_layers == before
