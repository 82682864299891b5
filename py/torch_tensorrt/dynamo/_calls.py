"""Calls of a compiled module: wrong names, counts and nesting of arguments are said in our words."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.fx import GraphModule
from torch.utils import _pytree as pytree

from torch_tensorrt._errors import InputError, TorchTensorRTError
from torch_tensorrt.dynamo.conversion._source import describe


def explain_wrong_calls(module: GraphModule) -> None:
    """From now on calls whose arguments do not fit the module raise InputError; others cost nothing more."""
    kind: Any = type(module)  # every GraphModule has a class of its own
    if not isinstance(kind._wrapped_call, _ExplainedCall):
        kind._wrapped_call = _ExplainedCall()


class _ExplainedCall:
    """What stands in the place of GraphModule's own call, which prints generated code where a call fails.

    It looks at arguments only after a failure.
    """

    def __call__(self, module: GraphModule, *args: Any, **kwargs: Any) -> Any:
        try:
            return torch.nn.Module.__call__(module, *args, **kwargs)
        except TorchTensorRTError:
            raise
        except (TypeError, KeyError, ValueError, AssertionError, RuntimeError) as error:
            reason = mismatch(module, args, kwargs)
            if reason is None:
                raise
            signature = inspect.signature(module.forward)
            raise InputError(
                f"{reason}\n  at the call of the compiled module: forward{signature}\n"
                f"  expected {expected_inputs(module)}\n"
                "  To go on: pass exactly these, named and nested as in the model that was compiled"
            ) from error


def mismatch(module: GraphModule, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Why these arguments do not fit the module's signature; None where they do."""
    try:
        bound = inspect.signature(module.forward).bind(*args, **kwargs)
    except TypeError as error:
        names = f", by name: {', '.join(sorted(kwargs))}" if kwargs else ""
        return f"The call has {len(args)} positional and {len(kwargs)} keyword inputs{names}: {error}"
    structure = getattr(getattr(module.graph._codegen, "pytree_info", None), "in_spec", None)
    if structure is None:
        return None
    keywords = structure.children()[1].context
    named = {n: bound.arguments[n] for n in keywords if n in bound.arguments}
    given = pytree.tree_structure((tuple(v for n, v in bound.arguments.items() if n not in named), named))
    if given == structure:
        return None
    return f"The inputs are nested in another way than when the model was compiled: {given.num_leaves} in all"


def expected_inputs(module: GraphModule) -> str:
    """Names, types and shapes of the inputs: `2: x (float32[2, 8]), y (int64[4])`."""
    nodes = [n for n in module.graph.nodes if n.op == "placeholder"]
    shown = [f"{n.name} ({_shown(n.meta.get('val'))})" for n in nodes]
    return f"{len(nodes)}: {', '.join(shown)}" if nodes else "no inputs"


def _shown(value: Any) -> str:
    return describe(value) if isinstance(value, torch.Tensor) else type(value).__name__
