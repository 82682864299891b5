"""The verifier: walks a finished network once and reports every breach of TensorRT's type rules, before the
engine does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import tensorrt as trt

from torch_tensorrt._errors import DtypeContractError

L: TypeAlias = trt.LayerType
T: TypeAlias = trt.DataType
FLOATS = {T.FLOAT, T.HALF, T.BF16}
INDICES = {T.INT32, T.INT64}
NUMBERS = FLOATS | INDICES | {T.INT8}
CONSTANTS = NUMBERS | {T.BOOL, T.FP8, T.INT4, T.FP4}

Rule = Callable[[trt.ILayer, list[T]], str]


def kind_of(layer: trt.ILayer) -> L:
    """The kind of a layer; `type` of some classes (activation, pooling) is something else."""
    return trt.ILayer.type.fget(layer)


def verify(network: trt.INetworkDefinition, parameters: dict[str, str]) -> None:
    """Raises one error that names every layer whose inputs break the rule of its kind.

    `parameters`: name of weights in the network -> name in the user's model.
    """
    found = []
    for index in range(network.num_layers):
        layer = network.get_layer(index)
        rule = RULES.get(kind_of(layer))
        if rule is not None:
            types = [t.dtype for t in (layer.get_input(i) for i in range(layer.num_inputs)) if t is not None]
            if broken := rule(layer, types):
                found.append(_line(layer, broken, parameters))
    if found:
        raise DtypeContractError(
            f"{len(found)} layers break the type rules of TensorRT\n  " + "\n  ".join(found) + "\n"
            "  To go on: cast the model to one type (.to(torch.bfloat16)), or keep these operators in "
            "PyTorch with "
            "torch_executed_ops; if the model runs in PyTorch as it is, the converter is at fault"
        )


def _line(layer: trt.ILayer, broken: str, parameters: dict[str, str]) -> str:
    names = [p for w, p in parameters.items() if w.startswith(layer.name + " ")]
    place = f" in module '{layer.metadata}'" if layer.metadata else ""
    return f"{layer.name}{place}{': ' + ', '.join(names) if names else ''}: {broken}"


def _names(types: Any) -> str:
    return ", ".join(t.name for t in types)


def _one_of(allowed: set[T]) -> Rule:
    def rule(layer: trt.ILayer, types: list[T]) -> str:
        wrong = [t for t in types if t not in allowed]
        return f"inputs {_names(types)}; it takes {_names(sorted(allowed, key=int))}" if wrong else ""

    return rule


def _equal(allowed: set[T]) -> Rule:
    check = _one_of(allowed)

    def rule(layer: trt.ILayer, types: list[T]) -> str:
        if len(set(types)) > 1:
            return f"inputs {_names(types)}; they have to be of one type"
        return check(layer, types)

    return rule


def _with_weights(*roles: str) -> Rule:
    same = _equal(FLOATS)

    def rule(layer: trt.ILayer, types: list[T]) -> str:
        for role in roles:
            weights = getattr(_concrete(layer), role, None)
            if (size := getattr(weights, "size", 0)) and _weights_type(weights) != types[0]:
                return (
                    f"{role} of {size} values is {_weights_type(weights).name}, the input is {types[0].name}"
                )
        return same(layer, types)

    return rule


def _weights_type(weights: Any) -> T:
    """The type of weights: the bindings give a numpy view for types that numpy has, else a trt.Weights."""
    return weights.dtype if isinstance(weights, trt.Weights) else _NUMPY_TYPES[weights.dtype.name]


_NUMPY_TYPES = {
    "float32": T.FLOAT,
    "float16": T.HALF,
    "int8": T.INT8,
    "int32": T.INT32,
    "int64": T.INT64,
    "bool": T.BOOL,
}

_CLASSES = {
    L.CONVOLUTION: trt.IConvolutionLayer,
    L.DECONVOLUTION: trt.IDeconvolutionLayer,
    L.SCALE: trt.IScaleLayer,
    L.ELEMENTWISE: trt.IElementWiseLayer,
    L.UNARY: trt.IUnaryLayer,
    L.ACTIVATION: trt.IActivationLayer,
    L.GATHER: trt.IGatherLayer,
}


def _concrete(layer: trt.ILayer) -> Any:
    """The layer as its own class: get_layer gives the base class."""
    if type(layer) is trt.ILayer and (kind := kind_of(layer)) in _CLASSES:
        layer.__class__ = _CLASSES[kind]
    return layer


def _elementwise(layer: trt.ILayer, types: list[T]) -> str:
    op = _concrete(layer).op
    E = trt.ElementWiseOperation
    if op in (E.AND, E.OR, E.XOR):
        return _equal({T.BOOL})(layer, types)
    return _equal(FLOATS | {T.INT8} if op == E.POW else NUMBERS)(layer, types)


def _unary(layer: trt.ILayer, types: list[T]) -> str:
    op = _concrete(layer).op
    U = trt.UnaryOperation
    if op == U.NOT:
        return _one_of({T.BOOL})(layer, types)
    return _one_of(NUMBERS if op in (U.ABS, U.SIGN) else FLOATS | {T.INT8})(layer, types)


def _activation(layer: trt.ILayer, types: list[T]) -> str:
    relu = trt.IActivationLayer.type.fget(_concrete(layer)) == trt.ActivationType.RELU
    return _one_of(NUMBERS if relu else FLOATS)(layer, types)


def _indexed(layer: trt.ILayer, types: list[T]) -> str:
    if len(types) > 1 and types[1] not in INDICES:
        return f"indices are {types[1].name}; they have to be INT32 or INT64"
    if len(types) > 2 and types[2] != types[0]:
        return f"updates are {types[2].name}, the data is {types[0].name}"
    return ""


def _select(layer: trt.ILayer, types: list[T]) -> str:
    if types[0] != T.BOOL:
        return f"the condition is {types[0].name}; it has to be BOOL"
    return "" if types[1] == types[2] else f"the branches are {types[1].name} and {types[2].name}"


def _constant(layer: trt.ILayer, types: list[T]) -> str:
    return "" if layer.get_output_type(0) in CONSTANTS else f"a constant of {layer.get_output_type(0).name}"


RULES: dict[L, Rule] = {
    L.CONVOLUTION: _with_weights("kernel", "bias"),
    L.DECONVOLUTION: _with_weights("kernel", "bias"),
    L.SCALE: _with_weights("scale", "shift", "power"),
    L.CONSTANT: _constant,
    L.ELEMENTWISE: _elementwise,
    L.UNARY: _unary,
    L.ACTIVATION: _activation,
    L.MATRIX_MULTIPLY: _equal(FLOATS | {T.FP8}),
    L.SELECT: _select,
    L.GATHER: _indexed,
    L.SCATTER: _indexed,
    L.TOPK: lambda layer, types: _one_of(FLOATS | INDICES)(layer, types[:1]),
    L.CONCATENATION: _equal(CONSTANTS),
    L.NORMALIZATION: _equal(FLOATS),
    L.SOFTMAX: _one_of(FLOATS),
    L.REDUCE: _one_of(NUMBERS),
    L.CUMULATIVE: lambda layer, types: _one_of(FLOATS | INDICES)(layer, types[:1]),
}
"""Kind of layer -> rule that answers what is wrong with it, empty if nothing."""
