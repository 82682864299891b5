"""Modules in training mode: their results depend on the batch or on chance, which engines do not do."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch.fx import Graph, Node

from torch_tensorrt._errors import ConversionError
from torch_tensorrt.dynamo.conversion._source import module_path, source_line
from torch_tensorrt.dynamo.lowering._regions import calls

logger = logging.getLogger(__name__)
aten = torch.ops.aten

_TRAINING_ARGUMENT: dict[Any, tuple[str, int]] = {
    aten.batch_norm.default: ("BatchNorm", 5),
    aten._native_batch_norm_legit.default: ("BatchNorm", 5),
    aten.native_batch_norm.default: ("BatchNorm", 5),
    aten.cudnn_batch_norm.default: ("BatchNorm", 5),
    aten.dropout.default: ("Dropout", 2),
    aten.dropout_.default: ("Dropout", 2),
    aten.native_dropout.default: ("Dropout", 2),
    aten.feature_dropout.default: ("Dropout", 2),
    aten.alpha_dropout.default: ("Dropout", 2),
}
_ALWAYS_TRAINING = {
    aten._native_batch_norm_legit_functional.default: "BatchNorm",
}
_RUNNING_MEAN = 3


def training_nodes(graph: Graph) -> list[tuple[str, str]]:
    """(kind, place) of every layer that is in training mode."""
    found = []
    nodes = calls(graph.owning_module) if graph.owning_module is not None else graph.nodes
    for node in nodes:
        if kind := _kind(node):
            found.append((kind, module_path(node) or source_line(node) or node.name))
    return list(dict.fromkeys(found))


def _kind(node: Node) -> str:
    if node.target in _ALWAYS_TRAINING:
        return _ALWAYS_TRAINING[node.target]
    kind, position = _TRAINING_ARGUMENT.get(node.target, ("", 0))
    if not kind or len(node.args) <= position or node.args[position] is not True:
        return ""
    if kind == "BatchNorm" and len(node.args) > _RUNNING_MEAN and node.args[_RUNNING_MEAN] is None:
        return ""  # track_running_stats=False: the batch's own statistics are what eval mode uses too
    return kind


def check_training(graph: Graph, full: bool) -> None:
    """Refuses layers in training mode where everything has to be in the engine, else says that they stay in
    PyTorch.
    """
    found = training_nodes(graph)
    if not found:
        return
    names = ", ".join(f"{kind} '{place}'" for kind, place in found)
    if full:
        raise ConversionError(
            f"{found[0][0]} `{found[0][1]}` is in training mode; call .eval()\n  at {names}\n"
            f"  expected a model for inference: these layers depend on the batch or on chance\n"
            f"  To go on: model.eval() before it is exported or compiled"
        )
    logger.warning(
        "The model is in training mode: %s keep that behaviour. For inference call model.eval() before "
        "compiling",
        names,
    )
