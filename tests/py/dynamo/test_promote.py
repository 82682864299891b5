"""Promotion is torch's own: compared with what torch does, over pairs of types, ranks and Python numbers."""

import itertools

import pytest
import torch
from torch_tensorrt.dynamo.conversion._promote import Kind, common_dtype, number_operand

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int8, torch.bool]
NUMBERS = [True, 2, 2.5]
PAIRS = list(itertools.product(DTYPES, DTYPES))


@pytest.mark.parametrize("a,b", PAIRS)
@pytest.mark.parametrize("weak", [False, True])
def test_tensors(a, b, weak):
    want = torch.result_type(
        torch.ones(2, dtype=a), torch.ones((), dtype=b) if weak else torch.ones(2, dtype=b)
    )
    assert common_dtype([("tensor", a, False), ("tensor", b, weak)]) == want


@pytest.mark.parametrize("a,number", list(itertools.product(DTYPES, NUMBERS)))
def test_numbers(a, number):
    want = torch.result_type(torch.ones(2, dtype=a), number)
    assert common_dtype([("tensor", a, False), number_operand(number)]) == want


@pytest.mark.parametrize("a", DTYPES)
def test_division_of_integers_is_floating(a):
    want = torch.true_divide(torch.ones(2, dtype=a), torch.ones(2, dtype=a)).dtype
    assert common_dtype([("tensor", a, False), ("tensor", a, False)], Kind.INT_TO_FLOAT) == want


@pytest.mark.parametrize("a,b", PAIRS)
def test_comparison_meets_in_the_common_type(a, b):
    assert common_dtype(
        [("tensor", a, False), ("tensor", b, False)], Kind.ALWAYS_BOOL
    ) == torch.promote_types(a, b)
