"""Products with constant weights, which the CPU packs by the number of rows: Note [Packed products]."""

from __future__ import annotations

import tensorrt as trt
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import build_engine, check, device, sample


def linear(weight, bias=None):
    def build(n, x):
        shape = (1,) * (len(x.shape) - 2) + tuple(weight.shape)
        y = n.add_matrix_multiply(
            x, trt.MatrixOperation.NONE, n.constant(weight.reshape(shape)), trt.MatrixOperation.TRANSPOSE
        ).get_output(0)
        if bias is None:
            return y
        flat = n.constant(bias.reshape((1,) * (len(x.shape) - 1) + (-1,)))
        return n.add_elementwise(y, flat, trt.ElementWiseOperation.SUM).get_output(0)

    return build


@settings(max_examples=20, deadline=None)
@given(
    lead=st.sampled_from([(1,), (15,), (16,), (8, 3), (3, 1, 9), (0,), (1025,), (2, 0)]),
    features=st.integers(1, 20),
    outputs=st.integers(1, 20),
    with_bias=st.booleans(),
)
def test_any_number_of_rows(lead, features, outputs, with_bias):
    weight, bias = sample((outputs, features), seed=1), sample((outputs,), seed=2)
    check(
        linear(weight, bias if with_bias else None),
        [sample((*lead, features))],
        lambda x: F.linear(x, weight.double(), bias.double() if with_bias else None),
    )


def test_more_numbers_of_rows_than_packings():
    """Every number of rows is right, those that are packed and those that are not."""
    weight, bias = sample((6, 5), seed=1), sample((6,), seed=2)
    plan, log = build_engine(linear(weight, bias), [sample((4, 5))], dynamic=[((1, 5), (4, 5), (64, 5))])
    assert plan is not None, log
    engine = trt.Runtime(trt.Logger(trt.Logger.ERROR)).deserialize_cuda_engine(plan)
    context = engine.create_execution_context()
    for rows in (4, 20, 37, 64, 1, 20, 37, 4, 33, 64):
        x = sample((rows, 5), seed=rows).to(device())
        y = torch.full((rows, 6), float("nan"), device=device())
        assert context.set_input_shape("x0", (rows, 5))
        assert context.set_tensor_address("x0", x.data_ptr()) and context.set_tensor_address(
            "y0", y.data_ptr()
        )
        assert context.execute_async_v3(torch.cuda.current_stream().cuda_stream if x.is_cuda else 0)
        torch.testing.assert_close(
            y, F.linear(x.double(), weight.double().to(x.device), bias.double().to(x.device)).float()
        )


def test_weights_of_two_engines_do_not_mix():
    for seed in range(6):
        weight = sample((8, 8), seed=seed)
        check(linear(weight), [sample((24, 8))], lambda x, w=weight: F.linear(x, w.double()))
