"""States of exported LSTMs have their three axes.

On the CPU, torch before 2.13 exports aten.lstm.input with states [layers, 1, batch, hidden] where running it
gives [layers, batch, hidden]; whatever is made of the states is described wrongly, too.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import GraphModule, Node

from torch_tensorrt.dynamo.lowering.passes.pass_utils import fake_mode_of

_AXES = 3


def correct_lstm_states(gm: GraphModule) -> None:
    """Describes states, and everything that is computed from them, as they are when the graph runs."""
    stale: set[Node] = set()
    for node in gm.graph.nodes:
        if node.target is torch.ops.aten.lstm.input:
            if not _is_wrong(node):
                continue
            output, *states = node.meta["val"]
            with output.fake_mode:
                node.meta["val"] = (output, *(s.squeeze(1) for s in states))
            stale.add(node)
        elif node.op == "call_function" and not stale.isdisjoint(node.all_input_nodes):
            node.meta["val"] = _described(node)
            stale.add(node)


def _is_wrong(node: Node) -> bool:
    return any(state.dim() > _AXES for state in node.meta["val"][1:])


def _described(node: Node) -> Any:
    def of(x: Node) -> Any:
        return x.meta["val"]

    args, kwargs = torch.fx.map_arg(node.args, of), torch.fx.map_arg(node.kwargs, of)
    with fake_mode_of((args, kwargs)) or nullcontext(), enable_python_dispatcher():
        return node.target(*args, **kwargs)  # type: ignore[operator]
