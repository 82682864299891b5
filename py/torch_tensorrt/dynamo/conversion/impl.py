"""`impl.<group>.<name>(ctx, target, source_ir, name, *arguments)`: our converters as building blocks for
users' ones.

A row gives the operator whose converter does the work; arguments after the fourth are the operator's, in its
order.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch

from torch_tensorrt._errors import UnsupportedOperatorError
from torch_tensorrt.dynamo.conversion._context import ConversionContext
from torch_tensorrt.dynamo.conversion._registry import TABLE, bind
from torch_tensorrt.dynamo.conversion._weights import Const

aten = torch.ops.aten

_ROWS: dict[str, dict[str, Any]] = {
    "elementwise": {
        "add": aten.add.Tensor,
        "sub": aten.sub.Tensor,
        "mul": aten.mul.Tensor,
        "div": aten.div.Tensor,
        "pow": aten.pow.Tensor_Tensor,
        "max": aten.maximum.default,
        "min": aten.minimum.default,
        "eq": aten.eq.Tensor,
        "ne": aten.ne.Tensor,
        "gt": aten.gt.Tensor,
        "ge": aten.ge.Tensor,
        "lt": aten.lt.Tensor,
        "le": aten.le.Tensor,
        "logical_and": aten.logical_and.default,
        "logical_or": aten.logical_or.default,
        "logical_xor": aten.logical_xor.default,
        "clamp": aten.clamp.default,
    },
    "unary": {
        n: getattr(aten, n).default
        for n in (
            "exp",
            "log",
            "sqrt",
            "rsqrt",
            "abs",
            "neg",
            "sin",
            "cos",
            "tan",
            "ceil",
            "floor",
            "erf",
            "sign",
        )
    },
    "activation": {
        n: getattr(aten, n).default for n in ("relu", "sigmoid", "tanh", "gelu", "leaky_relu", "elu")
    },
    "reduce": {
        "sum": aten.sum.dim_IntList,
        "mean": aten.mean.dim,
        "amax": aten.amax.default,
        "amin": aten.amin.default,
    },
    "shuffle": {"reshape": aten.view.default},
    "permutation": {"permute": aten.permute.default},
    "unsqueeze": {"unsqueeze": aten.unsqueeze.default},
    "squeeze": {"squeeze": aten.squeeze.dims},
    "slice": {"expand": aten.expand.default, "slice_op": aten.slice.Tensor},
    "matmul": {"matrix_multiply": aten.matmul.default},
    "cat": {"cat": aten.cat.default},
    "condition": {"where": aten.where.self},
    "select": {"select": aten.select.int, "index_select": aten.index_select.default},
    "conv": {"convolution": aten.convolution.default},
    "normalization": {"softmax": aten._softmax.default, "layer_norm": aten.layer_norm.default},
    "embedding": {"embedding": aten.embedding.default},
}
"""Group -> name -> operator."""


def _block(operator: Any) -> Callable[..., Any]:
    def build(
        ctx: ConversionContext, target: Any, source_ir: Any, name: str, *args: Any, **kwargs: Any
    ) -> Any:
        entry = next((e for e in TABLE.get(operator, ()) if e.builtin), None)
        if entry is None:
            raise UnsupportedOperatorError(
                f"impl has no building block for {operator}\n  at {ctx.builder.where()}"
            )
        values = [_value(a, name) for a in args]
        positional, keywords = bind(entry.converter_implementation, operator, tuple(values), kwargs)
        result = entry.converter_implementation(ctx.builder, *positional, **keywords)
        return ctx.builder.tensor(result) if isinstance(result, Const) else result

    build.__doc__ = f"What our converter of {operator} makes of the arguments."
    return build


def _value(given: Any, name: str) -> Any:
    if isinstance(given, torch.Tensor):
        return Const(given.detach(), name)
    return [_value(g, name) for g in given] if isinstance(given, (list, tuple)) else given


for _group, _names in _ROWS.items():
    globals()[_group] = SimpleNamespace(**{name: _block(operator) for name, operator in _names.items()})
