"""MatrixMultiply and Einsum."""

import pytest
import tensorrt as trt
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine._case import FLOATS, INDICES, STATIC_AND_DYNAMIC, build_error, check, run, sample

M = trt.MatrixOperation

# shapes as the layer sees them, and its operations
MATRICES = [
    ((2, 3), M.NONE, (3, 4), M.NONE),
    ((3, 2), M.TRANSPOSE, (4, 3), M.TRANSPOSE),
    ((5, 2, 3), M.NONE, (5, 4, 3), M.TRANSPOSE),
    ((5, 2, 3), M.NONE, (1, 3, 4), M.NONE),
    ((1, 2, 3), M.NONE, (5, 3, 4), M.NONE),
    ((2, 1, 2, 3), M.NONE, (1, 3, 3, 4), M.NONE),
    ((3,), M.VECTOR, (3,), M.VECTOR),
    ((2, 3), M.NONE, (3,), M.VECTOR),
    ((3,), M.VECTOR, (3, 4), M.NONE),
    ((5, 3), M.VECTOR, (5, 3, 4), M.NONE),
    ((5, 2, 3), M.NONE, (1, 3), M.VECTOR),
    ((5, 3), M.VECTOR, (1, 3), M.VECTOR),
    ((2, 0), M.NONE, (0, 4), M.NONE),
    ((0, 2, 3), M.NONE, (1, 3, 4), M.NONE),
    ((2, 0, 3), M.NONE, (2, 3, 4), M.NONE),
]


def as_matrix(x, op, index):
    if op == M.TRANSPOSE:
        return x.transpose(-1, -2)
    return x.unsqueeze(-2 if index == 0 else -1) if op == M.VECTOR else x


def multiplied(op0, op1):
    def reference(a, b):
        y = as_matrix(a, op0, 0) @ as_matrix(b, op1, 1)
        y = y.squeeze(-1) if op1 == M.VECTOR else y
        return y.squeeze(-2 if op1 != M.VECTOR else -1) if op0 == M.VECTOR else y

    return reference


def multiply(op0, op1):
    return lambda n, a, b: n.add_matrix_multiply(a, op0, b, op1)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("left", "op0", "right", "op1"), MATRICES, ids=str)
def test_matrix_multiply(left, op0, right, op1, dtype, dynamic):
    inputs = [sample(left, dtype), sample(right, dtype, seed=1)]
    check(multiply(op0, op1), inputs, multiplied(op0, op1), dynamic=dynamic)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_products_are_summed_in_float32(dtype):
    """4096 products of 1: sums kept in half or bfloat16 would stop at 2048 or 256."""
    ones = torch.ones(4, 4096, dtype=dtype)
    assert (run(multiply(M.NONE, M.TRANSPOSE), [ones, ones])[0] == 4096).all()
    assert (run(multiply(M.VECTOR, M.VECTOR), [ones[0], ones[0]])[0] == 4096).all()
    assert (run(multiply(M.NONE, M.VECTOR), [ones, ones[0]])[0] == 4096).all()
    assert (run(einsum("ij,kj->ik"), [ones, ones])[0] == 4096).all()


@pytest.mark.parametrize(
    ("dtypes", "shapes", "message"),
    [
        ((torch.float32, torch.float16), ((2, 3), (3, 4)), "float32 and float16"),
        ((torch.int32, torch.int32), ((2, 3), (3, 4)), "int32"),
        ((torch.float32, torch.float32), ((2, 3), (4, 4)), "3 in [2, 3] and 4 in [4, 4]"),
        ((torch.float32, torch.float32), ((2, 2, 3), (3, 4)), "batch axes"),
    ],
)
def test_matrix_multiply_refusals(dtypes, shapes, message):
    inputs = [sample(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    assert message in build_error(multiply(M.NONE, M.NONE), inputs)


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)),
    ("bhqd,bhkd->bhqk", (2, 3, 4, 5), (2, 3, 6, 5)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("iij,j->ij", (3, 3, 2), (2,)),
    ("i,j->ij", (2,), (3,)),
    ("i,i->i", (1,), (4,)),
    ("ij,j,ik->ki", (2, 3), (3,), (2, 4)),
    ("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    ("...ij,jk", (5, 1, 2, 3), (3, 4)),
    ("i...,i...->...", (3, 2, 4), (3, 1, 4)),
    ("...,...", (), (2, 3)),
    (",i->i", (), (3,)),
    ("ij,kl->il", (2, 3), (4, 5)),
    ("ij,jk->ik", (2, 0), (0, 4)),
    ("bij,bjk->bik", (0, 2, 3), (0, 3, 4)),
    (" a b , b c -> a c ", (2, 3), (3, 4)),
]


def einsum(equation):
    return lambda n, *inputs: n.add_einsum(list(inputs), equation)


@pytest.mark.parametrize("dynamic", STATIC_AND_DYNAMIC)
@pytest.mark.parametrize("dtype", [*FLOATS, *INDICES])
@pytest.mark.parametrize("equation", EQUATIONS, ids=str)
def test_einsum(equation, dtype, dynamic):
    text, *shapes = equation
    inputs = [sample(shape, dtype, seed=i) for i, shape in enumerate(shapes)]
    check(einsum(text), inputs, lambda *x: torch.einsum(text, *x), dynamic=dynamic)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_two_operand_einsum(data):
    labels = st.lists(st.sampled_from("abcd"), max_size=4).map("".join)
    lengths = {label: data.draw(st.integers(0, 3)) for label in "abcd"}
    terms = [data.draw(labels), data.draw(labels)]
    used = sorted(set("".join(terms)))
    output = "".join(data.draw(st.lists(st.sampled_from(used), unique=True))) if used else ""
    inputs = [sample([lengths[label] for label in term], seed=i) for i, term in enumerate(terms)]
    equation = f"{terms[0]},{terms[1]}->{output}"
    check(einsum(equation), inputs, lambda *x: torch.einsum(equation, *x))


@pytest.mark.parametrize(
    ("equation", "shapes", "message"),
    [
        ("iJ", ((2, 3),), "'J'"),
        ("i->j", ((2,),), "occurs in no input"),
        ("i,j", ((2,),), "2 terms for 1 inputs"),
        ("ij", ((2,),), "2 labels"),
        ("i,i", ((2,), (3,)), "lengths 2 and 3"),
    ],
)
def test_einsum_refusals(equation, shapes, message):
    assert message in build_error(einsum(equation), [sample(shape) for shape in shapes])
