"""Constant, Cast, Identity."""

import math

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._case import SHAPES, STATIC_AND_DYNAMIC, TRT_OF, build_error, check, run, sample
from tests.engine._session import Session

CASTABLE = [torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64, torch.bool]


def cast(to):
    return lambda n, x: n.add_cast(x, TRT_OF[to])


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("to", [*CASTABLE, torch.uint8])
@pytest.mark.parametrize("start", [*CASTABLE, torch.uint8])
def test_cast(start, to, dynamic):
    low = 0 if torch.uint8 in (start, to) else -9
    for shape in SHAPES:
        x = sample(shape, start, low, 9)
        check(cast(to), [x], lambda x: x.to(to), dynamic=dynamic, dtypes=[to])


@pytest.mark.parametrize("start", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("to", [torch.uint8, torch.int8, torch.int32, torch.int64])
def test_floats_truncate_and_saturate(to, start):
    x = torch.tensor([1.75, -1.75, math.inf, -math.inf, math.nan, 3e4, -3e4], dtype=start)
    low, high = torch.iinfo(to).min, torch.iinfo(to).max
    wanted = [1, -1, high, low, 0, int(x[5].item()), int(x[6].item())]
    assert run(cast(to), [x])[0].tolist() == [max(low, min(high, n)) for n in wanted]


@pytest.mark.parametrize("to", [torch.int32, torch.int64])
def test_huge_floats_saturate(to):
    low, high = torch.iinfo(to).min, torch.iinfo(to).max
    bits = torch.iinfo(to).bits
    below = torch.nextafter(torch.tensor(2.0 ** (bits - 1)), torch.tensor(0.0))
    x = torch.stack(
        [torch.tensor(2.0 ** (bits - 1)), below, torch.tensor(-(2.0 ** (bits - 1))), torch.tensor(-1e30)]
    )
    assert run(cast(to), [x])[0].tolist() == [high, int(below.item()), low, low]


def test_integers_keep_low_bits():
    x = torch.tensor([(1 << 32) + 5, 1 << 31, -1, 300])
    assert run(cast(torch.int32), [x])[0].tolist() == [5, -(1 << 31), -1, 300]
    assert run(cast(torch.int8), [x])[0].tolist() == [5, 0, -1, 44]


def test_not_a_number_is_true():
    assert run(cast(torch.bool), [torch.tensor([0.0, -0.0, math.nan, 0.25])])[0].tolist() == [
        False,
        False,
        True,
        True,
    ]


def test_floats_round_to_nearest_even():
    x = torch.tensor([2049.0, 2051.0, 70000.0])
    assert run(cast(torch.float16), [x])[0].tolist() == [2048, 2052, math.inf]


def test_cast_refuses_quantized_types():
    assert "float8" in build_error(lambda n, x: n.add_cast(x, trt.fp8), [sample((2,))])


@pytest.mark.parametrize("dtype", CASTABLE)
def test_constants(dtype):
    for shape in [(2, 3), (), (0, 3), (1500,)]:
        value = sample(shape, dtype, -9, 9)
        (y,) = run(lambda n, value=value: n.constant(value), [])
        assert y.dtype == dtype and torch.equal(y, value)


@pytest.mark.parametrize("dtype", CASTABLE)
def test_constants_as_operands(dtype):
    value = sample((2, 3), dtype, -9, 9)
    if dtype == torch.bool:
        check(
            lambda n, x: n.add_elementwise(x, n.constant(value), trt.ElementWiseOperation.XOR),
            [value],
            torch.zeros_like,
        )
    else:
        check(
            lambda n, x: n.add_elementwise(x, n.constant(value), trt.ElementWiseOperation.SUB),
            [value],
            torch.zeros_like,
        )


def test_constant_refusals():
    value = torch.ones(6)
    assert "shape [2, 4] has 8 elements, the weights 6" in build_error(
        lambda n: n.add_constant((2, 4), n.weights(value)), []
    )


@pytest.mark.parametrize("shape", [(-2,), (-2, -3), (2, -5), (-1, -2)], ids=str)
def test_negative_lengths_of_a_constant(shape):
    """Constant c6: at once, as of an input"""
    values, session = np.ones(6, np.float32), Session()
    assert session.network.add_constant(shape, trt.Weights(values)) is None
    assert "Error Code 3" in (error := session.logger.last_error()) and "negative length" in error
    layer = session.network.add_constant((6,), trt.Weights(values))
    layer.shape = shape
    assert "negative length" in session.logger.last_error()
    assert tuple(layer.shape) == (6,)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", CASTABLE)
def test_identity(dtype, dynamic):
    for shape in SHAPES:
        x = sample(shape, dtype, -9, 9)
        check(lambda n, x: n.add_identity(x), [x], lambda x: x, dynamic=dynamic)


def test_a_constant_that_is_cast_to_uint8():
    """Nothing is folded into a constant of a type that constants cannot have."""
    value = sample((5,), torch.int32, 0, 9)
    (y,) = run(lambda n: n.add_cast(n.constant(value), trt.uint8), [])
    assert torch.equal(y, value.to(torch.uint8))


def test_uint8_stays_at_the_border():  # c4
    def there_and_back(n, x):
        return n.add_cast(n.add_cast(x, trt.uint8).get_output(0), trt.float32)

    assert "neither an input nor an output" in build_error(there_and_back, [sample((3,), low=0, high=9)])

    def output_too(n, x):
        inner = n.add_cast(x, trt.uint8).get_output(0)
        return [inner, n.add_cast(inner, trt.float32).get_output(0)]

    x = sample((3,), low=0, high=9)
    check(output_too, [x], lambda x: [x.to(torch.uint8), x.floor()], dtypes=[torch.uint8, torch.float32])


@pytest.mark.parametrize(
    "move",
    [
        lambda n, x: n.add_shuffle(x),
        lambda n, x: n.add_slice(x, (0,), (1,), (1,)),
        lambda n, x: n.add_concatenation([x, x]),
        lambda n, x: n.add_gather(x, n.constant(torch.zeros(1, dtype=torch.int32)), 0),
        lambda n, x: n.add_unsqueeze(x, n.constant(torch.zeros(1, dtype=torch.int32))),
        lambda n, x: n.add_squeeze(x, n.constant(torch.zeros(1, dtype=torch.int32))),
        lambda n, x: n.add_elementwise(x, x, trt.ElementWiseOperation.SUM),
        lambda n, x: n.add_reduce(x, trt.ReduceOperation.SUM, 1, True),
    ],
)
def test_uint8_is_only_cast(move):
    assert "uint8" in build_error(move, [sample((1,), torch.uint8, 0, 9)])


@pytest.mark.parametrize("to", [trt.fp8, trt.int4, trt.fp4, trt.e8m0])
def test_cast_refuses_every_quantized_type(to):  # c3
    name = {trt.fp8: "float8", trt.int4: "int4", trt.fp4: "float4", trt.e8m0: "e8m0"}[to]
    assert name in build_error(lambda n, x: n.add_cast(x, to), [sample((2,))])
