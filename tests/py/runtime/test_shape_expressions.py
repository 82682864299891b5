"""Output sizes as expressions: written from symbols, kept as JSON, evaluated, and read safely."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.export import Dim, export
from torch_tensorrt._errors import EngineError
from torch_tensorrt._shape_expressions import (
    ShapeExpressions,
    check_tree,
    evaluate,
    normalize,
    shape_expressions,
    tree_of,
)


class Many(torch.nn.Module):
    def forward(self, x, y):
        pooled = torch.nn.functional.avg_pool2d(y, 3, stride=2, padding=1, ceil_mode=True)
        return torch.cat([x, x]), x[: x.shape[0] // 2], pooled, y.flatten(1), x[1:], y.nonzero()


@pytest.fixture(scope="module")
def document():
    axes = ({0: Dim.AUTO}, {0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO})
    program = export(Many(), (torch.randn(6, 3), torch.randn(6, 2, 9, 11)), dynamic_shapes=axes)
    nodes = list(program.graph.nodes)
    inputs = [node.meta["val"] for node in nodes if node.op == "placeholder"]
    return shape_expressions(inputs, [node.meta["val"] for node in nodes[-1].args[0]])


def test_sizes_follow_the_inputs(document):
    expressions = ShapeExpressions(json.loads(json.dumps(document)))
    x, y = torch.ones(8, 3), torch.ones(8, 2, 20, 15)
    found = expressions([x.shape, y.shape])
    expected = [list(out.shape) for out in Many()(x, y)]
    assert found[-1] == [None, 4]  # the number of nonzero elements is no matter of sizes
    assert found[:-1] == expected[:-1]


def test_a_document_normalizes_to_itself(document):
    assert normalize(document) == document
    assert normalize(None) is None


def test_the_public_spelling_is_read():
    row = {"name": "x", "shape_exprs": [2, "s0"], "dtype": torch.float16}
    assert normalize({"inputs": [row], "outputs": []})["inputs"] == [{"shape": [2, "s0"], "dtype": "float16"}]


@pytest.mark.parametrize(
    "tree, size, value",
    [
        (["+", ["*", 2, "s0"], 1], 9, 4),
        (["*", "s0", 3], 12, 4),
        (["+", "s0", -1], 3, 4),
    ],
)
def test_symbols_are_solved_for(tree, size, value):
    document = {"inputs": [{"shape": [tree]}], "outputs": [{"shape": ["s0"]}]}
    assert ShapeExpressions(document)([[size]]) == [[value]]


def test_a_whole_input_expression_is_known_in_outputs():
    half = ["//", "s0", 2]
    document = {"inputs": [{"shape": [half]}], "outputs": [{"shape": [["+", half, 1], "s0"]}]}
    assert ShapeExpressions(document)([[5]]) == [[6, None]]


@given(st.integers(1, 1000), st.integers(1, 50))
def test_operators_are_pythons(a, b):
    symbols = {"a": a, "b": b}
    for operator, expected in (
        ("//", a // b),
        ("%", a % b),
        ("max", max(a, b)),
        ("min", min(a, b)),
        ("+", a + b),
    ):
        assert evaluate([operator, "a", "b"], symbols) == expected
    assert evaluate(["ceil", ["/", "a", "b"]], symbols) == -(-a // b)


def test_sympy_classes_of_torch():
    import sympy
    from torch.utils._sympy.functions import FloorDiv, Max, ModularIndexing, PythonMod

    s = sympy.Symbol("s", integer=True, positive=True)
    for expression in (FloorDiv(s, 3), PythonMod(s, 4), Max(s, 7), ModularIndexing(s, 2, 5), s**2 - s):
        assert evaluate(tree_of(expression), {"s": 11}) == int(expression.subs(s, 11)), expression
    assert tree_of(sympy.sin(s)) is None


@pytest.mark.parametrize(
    "tree",
    [["__import__", "os"], ["+"], [1, 2], {"a": 1}, [["+", 1, 1], 2], ["**", 2]],
)
def test_other_things_are_refused(tree):
    if tree == ["**", 2]:
        with pytest.raises(TypeError):
            evaluate(tree, {})
        return
    with pytest.raises(EngineError, match="cannot be read"):
        check_tree(tree)


def test_nesting_and_exponents_are_bounded():
    deep = 1
    for _ in range(200):
        deep = ["+", deep, 1]
    with pytest.raises(EngineError):
        check_tree(deep)
    with pytest.raises(EngineError, match="exponent"):
        evaluate(["**", 2, 10**9], {})
