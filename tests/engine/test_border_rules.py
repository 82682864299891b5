"""Rules that look beyond one layer: zero points of Dequantize, uint8 away from the border of a network."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import build_error as case_error
from tests.engine._case import sample
from tests.engine._quantized import Codes, build_engine, build_error, codes, run_engine
from tests.engine._session import Session


def with_zero_point(value):
    def build(n, q, *zero):
        layer = n.add_dequantize(q, n.constant(torch.tensor(0.5)), trt.float32)
        layer.set_input(2, *(zero or [n.constant(value)]))
        return layer

    return build


def zeros(*shape):
    return Codes("int8", torch.zeros(shape, dtype=torch.uint8))


REFUSED = {
    "Dequantize c5: shape of the zero point": (with_zero_point(zeros(2)), [], "shape"),
    "Dequantize c11: not zero": (
        with_zero_point(Codes("int8", torch.tensor(1, dtype=torch.uint8))),
        [],
        "not zero",
    ),
    "Dequantize c11: not a constant": (with_zero_point(None), [zeros()], "Constant layer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_zero_points(name):
    build, more, message = REFUSED[name]
    assert message in build_error(build, [codes("int8", (2, 2)), *more])


def test_a_zero_point_of_another_type_is_not_taken():
    """Dequantize c5"""
    session = Session()
    n, q = session.network, session.input("q", (2, 2), trt.int8)
    layer = n.add_dequantize(q, session.input("scale", ()), trt.float32)
    layer.set_input(2, session.input("zero", (), trt.int32))
    assert "zero point has to be of the data's type" in session.logger.last_error()
    assert layer.num_inputs == 2


def through_uint8(n, x):
    """x -> uint8 -> int32, with nothing of it at the border."""
    return n.add_cast(n.add_cast(x, trt.uint8).get_output(0), trt.int32)


def test_uint8_in_the_middle():
    """Cast c4"""
    assert "neither an input nor an output" in case_error(through_uint8, [sample((2, 3), low=0, high=9)])


def test_uint8_that_is_an_output_may_be_read():
    def build(n, x):
        small = n.add_cast(x, trt.uint8)
        return [small.get_output(0), n.add_cast(small.get_output(0), trt.int32).get_output(0)]

    x = sample((2, 3), torch.int32, 0, 9)
    plan, log = build_engine(build, [x])
    assert plan is not None, log
    small, wide = run_engine(plan, [x])
    assert torch.equal(small, x.to(torch.uint8)) and torch.equal(wide, x)
