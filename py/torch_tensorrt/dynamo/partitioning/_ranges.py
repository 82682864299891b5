"""Least, usual and largest lengths of a submodule's inputs, from the ranges of the symbols that export
knows.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch.fx import GraphModule, Node
from torch.utils._sympy.symbol import SymT, symbol_is_type

from torch_tensorrt._errors import InputError
from torch_tensorrt._Input import Input
from torch_tensorrt.dynamo.conversion._types import network_dtype

logger = logging.getLogger(__name__)
_UNBOUNDED = 2**31
"""Lengths from here on are taken for "no limit was given"."""

Range = tuple[int, int, int]


@dataclass
class SymbolRanges:
    """(least, usual, largest) per symbol: as the user's Inputs say, else as export recorded."""

    given: dict[sympy.Symbol, Range] = field(default_factory=dict)
    assume_static: bool = False
    """Takes the usual length where no limit was given, instead of an error (torch.compile)."""

    def learn(self, value: Any, spec: Input) -> None:
        """Takes the ranges of a placeholder's lengths from the user's Input."""
        if not isinstance(value, torch.Tensor) or not isinstance(spec.shape, dict):
            return
        columns = zip(*(spec.shape[f] for f in ("min_shape", "opt_shape", "max_shape")), strict=False)
        for length, (low, usual, high) in zip(value.shape, columns, strict=False):
            if isinstance(length, torch.SymInt) and isinstance(length.node.expr, sympy.Symbol):
                self.given.setdefault(length.node.expr, (low, usual, high))

    def of(self, length: int | torch.SymInt, what: str = "an input") -> Range:
        """The range of a length, which may be arithmetic on symbols."""
        if isinstance(length, int):
            return length, length, length
        expr = length.node.expr
        symbols = {s: self._symbol(length, s, what) for s in expr.free_symbols}
        at = [int(expr.subs({s: r[i] for s, r in symbols.items()})) for i in range(3)]
        return min(at), at[1], max(at)

    def _symbol(self, length: torch.SymInt, symbol: sympy.Symbol, what: str) -> Range:
        if symbol not in self.given:
            self.given[symbol] = self._from_export(length, symbol, what)
        return self.given[symbol]

    def _from_export(self, length: torch.SymInt, symbol: sympy.Symbol, what: str) -> Range:
        env = length.node.shape_env
        bounds = env.var_to_range[symbol]
        hint = _hint(env, symbol)
        least = 0 if symbol_is_type(symbol, SymT.UNBACKED_INT) else 1  # what depends on values may be empty
        low, limit = max(finite(bounds.lower, least), least), finite(bounds.upper, _UNBOUNDED)
        low = 1 if low == 2 else low  # 2 is what export says where it only excluded the special cases 0 and 1
        low = min(low, hint) if hint is not None else low
        if limit < _UNBOUNDED:
            high = limit
        elif self.assume_static and hint is not None:
            return hint, hint, hint
        else:
            raise InputError(
                f"A length of {what} has no largest value (symbol {symbol})\n"
                f"  expected a range, export knows only that it is at least {low}\n"
                f"  To go on: torch.export.Dim(name, min=..., max=...), or "
                f"torch_tensorrt.Input(min_shape=..., opt_shape=..., max_shape=...)"
            )
        usual = hint if hint is not None and low <= hint <= high else (low + high) // 2
        return low, usual, high


def finite(bound: Any, otherwise: int) -> int:
    """A bound of a symbol as a number; sympy's and torch's infinities are none."""
    return int(bound) if isinstance(bound, (int, sympy.Integer)) else otherwise


def _hint(env: Any, symbol: sympy.Symbol) -> int | None:
    values = getattr(env, "backed_var_to_val", None) or getattr(env, "var_to_val", {})
    found = values.get(symbol)
    return int(found) if found is not None else None


def construct_submodule_inputs(
    module: GraphModule, ranges: SymbolRanges | None = None, truncate_double: bool = False
) -> list[Input]:
    """Input specs of a submodule from its placeholders, dynamic lengths with their ranges."""
    ranges = ranges or SymbolRanges()
    return [
        get_input(node, ranges, truncate_double) for node in module.graph.nodes if node.op == "placeholder"
    ]


def get_input(node: Node, ranges: SymbolRanges | None = None, truncate_double: bool = False) -> Input:
    """The Input of one placeholder."""
    ranges, value = ranges or SymbolRanges(), node.meta.get("val")
    if isinstance(value, torch.Tensor):
        dtype = network_dtype(value.dtype, truncate_double) or value.dtype
        if all(isinstance(n, int) for n in value.shape):
            return Input(shape=tuple(value.shape), dtype=dtype, name=node.name)
        return construct_dynamic_input(value.shape, dtype, node.name, ranges)
    if isinstance(value, (int, torch.SymInt)) and not isinstance(value, bool):
        low, usual, high = ranges.of(value, f"the input '{node.name}'")
        if isinstance(value, torch.SymInt):  # a number, unlike the length of a tensor, may well be 0
            low = min(low, max(finite(value.node.shape_env.bound_sympy(value.node.expr).lower, low), 0))
        return Input(
            min_shape=(low,),
            opt_shape=(usual,),
            max_shape=(high,),
            dtype=torch.int64,
            name=node.name,
            is_shape_tensor=True,
        )
    raise InputError(
        f"Input '{node.name}' of an engine is a {type(value).__name__}\n"
        "  expected a tensor or a whole number\n"
        f"  To go on: pass it as a tensor, or make it a constant of the model"
    )


def construct_dynamic_input(
    shape: Sequence[Any], dtype: torch.dtype, name: str = "", ranges: SymbolRanges | None = None
) -> Input:
    """The Input of a tensor with unknown lengths."""
    ranges = ranges or SymbolRanges()
    columns = [ranges.of(n, f"the input '{name}'") for n in shape]
    low, usual, high = (tuple(c[i] for c in columns) for i in range(3))
    return Input(min_shape=low, opt_shape=usual, max_shape=high, dtype=dtype, name=name)
