"""Sizes of an engine's outputs as expressions in the sizes of its inputs, kept as JSON.

An expression is a number, the name of a symbol, a list [operator, operand, ...], or null where it is unknown:
`s0 // 2 + 1` is ["+", ["//", "s0", 2], 1]. Reading one computes; nothing in it is ever run.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from torch_tensorrt._errors import EngineError

Tree = Any
Size = Any

_MAX_DEPTH = 100
_MAX_EXPONENT = 64


def _product(*operands: Size) -> Size:
    return math.prod(operands[1:], start=operands[0])


def _power(base: Size, exponent: Size) -> Size:
    if isinstance(exponent, (int, float)) and abs(exponent) > _MAX_EXPONENT:
        raise EngineError(
            f"a shape expression of a saved engine has the exponent {exponent}; compile the model again"
        )
    return base**exponent


_OPERATORS: dict[str, Callable[..., Size]] = {
    "+": lambda *operands: sum(operands[1:], start=operands[0]),
    "*": _product,
    "//": lambda a, b: a // b,
    "/": lambda a, b: a / b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: _power(a, b),
    "max": lambda *operands: _fold(torch.sym_max, operands),
    "min": lambda *operands: _fold(torch.sym_min, operands),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
}

# Classes of sympy and of torch.utils._sympy.functions, by name, in our operators.
_SPELLINGS = {
    "Add": "+",
    "Mul": "*",
    "FloorDiv": "//",
    "CleanDiv": "//",
    "IntTrueDiv": "/",
    "FloatTrueDiv": "/",
    "Mod": "%",
    "PythonMod": "%",
    "Pow": "**",
    "PowByNatural": "**",
    "FloatPow": "**",
    "Max": "max",
    "Min": "min",
    "floor": "floor",
    "ceiling": "ceil",
    "FloorToInt": "floor",
    "CeilToInt": "ceil",
    "TruncToInt": "trunc",
}


def _fold(function: Callable[[Size, Size], Size], operands: Sequence[Size]) -> Size:
    result = operands[0]
    for operand in operands[1:]:
        result = function(result, operand)
    return result


def tree_of(size: Any) -> Tree:
    """The expression of an int, SymInt or sympy expression; None where a part of it has no word here."""
    if size is None or isinstance(size, (int, float, str, list)):
        check_tree(size)
        return size
    expression = size.node.expr if isinstance(size, (torch.SymInt, torch.SymFloat)) else size
    try:
        return _from_sympy(expression)
    except LookupError:
        return None


def _from_sympy(expression: Any) -> Tree:
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol:
        return str(expression.name)
    if expression.is_Rational:
        return ["/", int(expression.p), int(expression.q)]
    if expression.is_Float:
        return float(expression)
    name = type(expression).__name__
    operands = [_from_sympy(argument) for argument in expression.args]
    if name in ("ToFloat", "Identity"):
        return operands[0]
    if name == "ModularIndexing":  # (a // b) % c
        return ["%", ["//", operands[0], operands[1]], operands[2]]
    return [_SPELLINGS[name], *operands]


def check_tree(tree: Tree, depth: int = 0) -> None:
    """Raises EngineError for anything that is no expression: trees come from files."""
    if tree is None or isinstance(tree, (int, float, str)):
        return
    well_formed = (
        isinstance(tree, list) and len(tree) >= 2 and isinstance(tree[0], str) and tree[0] in _OPERATORS
    )
    if not well_formed or depth > _MAX_DEPTH:
        raise EngineError(
            f"a shape expression of a saved engine cannot be read: {json.dumps(tree, default=repr)[:200]}\n"
            "  The file was altered or written by another version; compile the model again"
        )
    for operand in tree[1:]:
        check_tree(operand, depth + 1)


def evaluate(tree: Tree, symbols: Mapping[str, Size], known: Mapping[str, Size] | None = None) -> Size | None:
    """The value; None where a symbol has none. `known`: values of whole expressions, by their JSON."""
    if tree is None or isinstance(tree, (int, float)):
        return tree
    if isinstance(tree, str):
        return symbols.get(tree)
    if known and (found := known.get(json.dumps(tree))) is not None:
        return found
    operands = [evaluate(operand, symbols, known) for operand in tree[1:]]
    if any(operand is None for operand in operands):
        return None
    return _OPERATORS[tree[0]](*operands)


def _solve(tree: Tree, value: Size, symbols: Mapping[str, Size]) -> tuple[str, Size] | None:
    """The one unknown symbol of `tree` and its value if `tree` is `value`; sums and products only."""
    if isinstance(tree, str):
        return (tree, value) if tree not in symbols else None
    if not isinstance(tree, list) or tree[0] not in ("+", "*"):
        return None
    values = [evaluate(operand, symbols) for operand in tree[1:]]
    if values.count(None) != 1:
        return None
    unknown = tree[1 + values.index(None)]
    rest = [v for v in values if v is not None]
    if tree[0] == "+":
        return _solve(unknown, value - sum(rest), symbols)
    factor = _product(*rest)
    return None if isinstance(factor, int) and factor == 0 else _solve(unknown, value // factor, symbols)


class ShapeExpressions:
    """Output sizes of one engine; made once, evaluated for many inputs."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.inputs: list[list[Tree]] = [list(row["shape"]) for row in document["inputs"]]
        self.outputs: list[list[Tree]] = [list(row["shape"]) for row in document["outputs"]]
        for sizes in (*self.inputs, *self.outputs):
            for tree in sizes:
                check_tree(tree)

    def __call__(self, input_sizes: Sequence[Sequence[Size]]) -> list[list[Size | None]]:
        """Sizes of every output; None for those that the inputs' sizes do not determine."""
        symbols, known = self._bind(input_sizes)
        return [[evaluate(tree, symbols, known) for tree in sizes] for sizes in self.outputs]

    def _bind(self, input_sizes: Sequence[Sequence[Size]]) -> tuple[dict[str, Size], dict[str, Size]]:
        symbols: dict[str, Size] = {}
        known: dict[str, Size] = {}
        pending = [
            pair
            for trees, sizes in zip(self.inputs, input_sizes, strict=False)
            for pair in zip(trees, sizes, strict=False)
        ]
        for tree, size in pending:
            if isinstance(tree, str):
                symbols.setdefault(tree, size)
            elif isinstance(tree, list):
                known[json.dumps(tree)] = size
        progress = True
        while progress:
            found = [solved for tree, size in pending if (solved := _solve(tree, size, symbols))]
            progress = bool(found)
            symbols.update(found)
        return symbols, known


def _row(item: Any) -> dict[str, Any]:
    if isinstance(item, torch.Tensor):
        return {
            "shape": [tree_of(size) for size in item.shape],
            "dtype": str(item.dtype).removeprefix("torch."),
        }
    if isinstance(item, Mapping):
        sizes = item["shape"] if "shape" in item else item["shape_exprs"]
        row: dict[str, Any] = {"shape": [tree_of(size) for size in sizes]}
        if item.get("dtype") is not None:
            row["dtype"] = str(item["dtype"]).removeprefix("torch.")
        return row
    return {"shape": []}  # a number, which becomes a tensor without axes


def shape_expressions(inputs: Sequence[Any], outputs: Sequence[Any]) -> dict[str, Any]:
    """The document for an engine, from what stands for its inputs and outputs when its graph was made.

    Each is a (fake) tensor, a number, or a mapping with `shape` (or `shape_exprs`) and perhaps `dtype`.
    """
    return {"inputs": [_row(item) for item in inputs], "outputs": [_row(item) for item in outputs]}


def normalize(document: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A document in any accepted spelling, with every expression as a tree; None stays None."""
    if not document:
        return None
    result = shape_expressions(document.get("inputs", ()), document.get("outputs", ()))
    ShapeExpressions(result)
    return result
