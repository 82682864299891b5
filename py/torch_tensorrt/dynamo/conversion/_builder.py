"""The builder that converters speak to: values, types, constants and names; the layers themselves stand in
`_layers_*.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeAlias

import tensorrt as trt
import torch
from torch.fx import Node

from torch_tensorrt._errors import ConversionError, DtypeContractError
from torch_tensorrt.dynamo._settings import CompilationSettings
from torch_tensorrt.dynamo.conversion import _promote
from torch_tensorrt.dynamo.conversion._dims import Dim, Length
from torch_tensorrt.dynamo.conversion._layers_math import MathLayers
from torch_tensorrt.dynamo.conversion._layers_nn import NeuralLayers
from torch_tensorrt.dynamo.conversion._layers_shape import ShapeLayers
from torch_tensorrt.dynamo.conversion._source import module_path, source_of
from torch_tensorrt.dynamo.conversion._types import short, to_torch, to_trt
from torch_tensorrt.dynamo.conversion._weights import Const, WeightStore

Number = bool | int | float
Value: TypeAlias = trt.ITensor | Const | Number | Dim


_UNSAID = "engine: no reason was given; a length of -1 may have to be known, such as that of channels"


class Builder(MathLayers, ShapeLayers, NeuralLayers):
    """Adds layers to one network.

    A value in a converter is an ITensor, a Const, a Python number or a Dim (an unknown length). Methods take
    any of
    them; what they return is an ITensor unless they say otherwise.
    """

    def __init__(
        self,
        network: trt.INetworkDefinition,
        settings: CompilationSettings | None = None,
        messages: Callable[[], str] = str,
    ) -> None:
        self.network = network
        self.settings = settings or CompilationSettings()
        self.node: Node | None = None
        self.store = WeightStore()
        self.weight_names: dict[str, str] = {}
        """Weight name in the network -> parameter or buffer of the user's model."""
        self._messages = messages
        self._names: Counter[str] = Counter()
        self._label = "network"
        self._facts: dict[trt.ITensor, tuple[torch.dtype, tuple[int, ...]]] = {}
        self._symbols: dict[trt.ITensor, Sequence[Any]] = {}
        self._shapes: dict[trt.ITensor, tuple[Length, ...]] = {}
        self._shape_tensors: dict[trt.ITensor, trt.ITensor] = {}
        self._dims: dict[Hashable, Dim] = {}
        self._constants: dict[Hashable, trt.ITensor] = {}
        self._keyed: list[torch.Tensor] = []

    def at(self, node: Node) -> None:
        """Says which node of the graph the next layers belong to."""
        self.node = node
        target = node.target
        name = (
            str(target)
            if isinstance(target, torch._ops.OpOverload)
            else getattr(target, "__name__", str(target))
        )
        self._label = f"{name.replace('aten.', 'aten_ops.', 1)}]-[{node.name}"

    def where(self) -> str:
        """The second part of an error message."""
        return source_of(self.node) if self.node is not None else "the network's own layers"

    def error(self, what: str, detail: str = "", hint: str = "") -> ConversionError:
        """A ConversionError with all four parts, at the present node."""
        way = (
            hint or f"To leave it in PyTorch: torch_executed_ops={{'{self.node.target}'}}"
            if self.node
            else hint
        )
        return ConversionError(
            "\n  ".join(part for part in (what, f"at {self.where()}", detail, way) if part)
        )

    def emit(self, layer: trt.ILayer | None, kind: str, output: int = 0) -> trt.ITensor:
        """Names a layer that was just added, checks that the engine took it, and returns one of its
        outputs.
        """
        if layer is None:
            raise self.error(f"The engine refused a {kind} layer", self._messages() or "it gave no reason")
        name = f"[{kind}]-[{self._label}]"
        self._names[name] += 1
        layer.name = name if self._names[name] == 1 else f"{name}_{self._names[name]}"
        module = module_path(self.node) if self.node is not None else ""
        if module and hasattr(layer, "metadata"):  # IAttention of bindings 10.14 has none
            layer.metadata = module
        return self.output_of(layer, kind, output)

    def output_of(self, layer: trt.ILayer, kind: str, output: int) -> trt.ITensor:
        """An output of a layer whose shape the engine could work out."""
        tensor = layer.get_output(output)
        try:
            self._facts[tensor] = (to_torch(tensor.dtype), tuple(tensor.shape))
        except (
            ValueError,
            RuntimeError,
        ):  # the inputs are in conflict: -1 axes; bindings of 11 raise the second
            given = ", ".join(self._show(layer.get_input(i)) for i in range(layer.num_inputs))
            raise self.error(
                f"The engine cannot run a {kind} layer on these inputs",
                f"inputs {given}\n  {self._messages() or _UNSAID}",
            ) from None
        return tensor

    def _show(self, tensor: trt.ITensor | None) -> str:
        if tensor is None:
            return "none"
        dtype, shape = self._fact(tensor)
        return f"{short(dtype)}{list(shape)}"

    def _fact(self, tensor: trt.ITensor) -> tuple[torch.dtype, tuple[int, ...]]:
        found = self._facts.get(tensor)
        if found is None:
            found = self._facts[tensor] = (to_torch(tensor.dtype), tuple(tensor.shape))
        return found

    def dtype(self, x: Value) -> torch.dtype:
        """The torch type of a value (a Python number has the type that torch would give it)."""
        if isinstance(x, trt.ITensor):
            return self._fact(x)[0]
        if isinstance(x, Const):
            return x.dtype
        return torch.int64 if isinstance(x, Dim) else _promote.number_dtype(x)

    def rank(self, x: Value) -> int:
        """Number of axes; 0 for numbers and lengths."""
        if isinstance(x, trt.ITensor):
            return len(self._fact(x)[1])
        return x.rank if isinstance(x, Const) else 0

    def promote(self, *xs: Value | None, kind: _promote.Kind = _promote.Kind.DEFAULT) -> tuple[Any, ...]:
        """The operands in the one type that torch would compute them in (Note [Weak scalars]).

        None passes through; numbers become Consts of that type; tensors get a Cast where they differ.
        """
        dtype = self.common_dtype(*xs, kind=kind)
        return tuple(None if x is None else self.cast(x, dtype) for x in xs)

    def common_dtype(self, *xs: Value | None, kind: _promote.Kind = _promote.Kind.DEFAULT) -> torch.dtype:
        """The type that `promote` would give."""
        return _promote.common_dtype([self._operand(x) for x in xs if x is not None], kind)

    def _operand(self, x: Value) -> tuple[Any, ...]:
        if isinstance(x, trt.ITensor):
            dtype, shape = self._fact(x)
            return ("tensor", dtype, not shape)
        if isinstance(x, Const):
            return ("tensor", x.dtype, x.weak or x.rank == 0)
        return ("number", int) if isinstance(x, Dim) else _promote.number_operand(x)

    def cast(self, x: Value, dtype: torch.dtype) -> trt.ITensor | Const:
        """`x` as `dtype`: a Cast layer for tensors, arithmetic at compile time for constants."""
        if isinstance(x, Const):
            return x.to(dtype)
        if isinstance(x, Dim):
            return self.cast(self.reshape(x.tensor, []), dtype)
        if not isinstance(x, trt.ITensor):
            return self.number(x, dtype)
        if self._fact(x)[0] == dtype:
            return x
        return self.emit(self.network.add_cast(x, to_trt(dtype, f"The cast at {self.where()}")), "CAST")

    def require_same(self, what: str, *xs: trt.ITensor) -> None:
        """Refuses operands of different types: a converter forgot to promote."""
        dtypes = [self._fact(x)[0] for x in xs]
        if any(d != dtypes[0] for d in dtypes):
            raise DtypeContractError(
                f"{what} needs operands of one type\n  at {self.where()}\n"
                f"  it got {', '.join(short(d) for d in dtypes)}\n"
                f"  To go on: the converter has to call promote() or cast() before it"
            )

    def number(self, x: Number, dtype: torch.dtype) -> Const:
        """A Python number as a 0-dim constant of `dtype`; integers that do not fit are refused."""
        wide = torch.tensor(x) if not isinstance(x, float) else torch.tensor(x, dtype=torch.float64)
        value = wide.to(dtype) if isinstance(x, float) else Const(wide, f"the number {x}").to(dtype).value
        return Const(value, f"the number {x}", weak=True)

    def scalar(self, x: Number, like: Value) -> trt.ITensor:
        """A number as a tensor of `like`'s type and rank (every axis 1)."""
        return self.tensor(self.number(x, self.dtype(like)), rank=self.rank(like))

    def tensor(self, x: Value, dtype: torch.dtype | None = None, rank: int | None = None) -> trt.ITensor:
        """`x` as a tensor of the network, cast to `dtype`, with leading axes of 1 up to `rank`."""
        if isinstance(x, Dim):
            x = x.tensor if rank == 1 and dtype in (None, torch.int64) else self.reshape(x.tensor, [])
        elif not isinstance(x, (trt.ITensor, Const)):
            x = self.number(x, dtype or _promote.number_dtype(x))
        if dtype is not None:
            x = self.cast(x, dtype)
        missing = 0 if rank is None else rank - self.rank(x)
        if isinstance(x, Const):
            return self._constant(x, (1,) * missing + x.shape)
        return self.unsqueeze(x, range(missing)) if missing > 0 else x

    def constant(self, value: torch.Tensor, source: str = "") -> trt.ITensor:
        """A Constant layer that holds `value` in its own type."""
        return self.tensor(Const(value, source or (self.node.name if self.node else "constant")))

    def _constant(self, const: Const, shape: tuple[int, ...]) -> trt.ITensor:
        value = const.value
        small = value.numel() <= 8 and value.device.type == "cpu"
        held = tuple(value.flatten().tolist()) if small else (value.data_ptr(), value.stride(), const.source)
        key = (held, str(held), value.dtype, shape)  # str tells 0.0 from -0.0 and nan from nan
        if key not in self._constants:
            # The key of a large constant is its address, so the tensor must not be freed while the key lives.
            self._keyed.append(value)
            layer = self.network.add_constant(shape, self.store.weights(value, const.source))
            self._constants[key] = self.emit(layer, "CONSTANT")
            self.weight_names[f"{layer.name} CONSTANT"] = const.source
        return self._constants[key]

    def weights(self, const: Const | None, role: str, like: trt.ITensor) -> trt.Weights:
        """A layer's own weights (kernel, bias, scale, shift, power): of the same type as the layer's data.

        None gives empty weights.
        """
        if const is None:
            return trt.Weights(to_trt(self.dtype(like)))
        if const.dtype != self.dtype(like):
            raise DtypeContractError(
                f"{role} '{const.source}' is {short(const.dtype)} but its input is "
                f"{short(self.dtype(like))}\n"
                f"  at {self.where()}\n"
                f"  TensorRT, like PyTorch, computes this layer in one type\n"
                f"  To go on: cast the module (.to(torch.{short(self.dtype(like))})) or the input"
                f" (.to(torch.{short(const.dtype)}))"
            )
        return self.store.weights(const.value, const.source)

    def record(self, layer: trt.ILayer, role: str, const: Const | None) -> None:
        """Remembers which parameter stands behind a layer's weights."""
        if const is not None:
            self.weight_names[f"{layer.name} {role}"] = const.source

    def dim(self, key: Hashable, make: Callable[[], trt.ITensor]) -> Dim:
        """The Dim of this key; the first one asked for makes the layers."""
        if key not in self._dims:
            self._dims[key] = Dim(self, key, make)
        return self._dims[key]

    def annotate(self, x: Value, shape: Sequence[Any]) -> None:
        """Tells the lengths that the exported graph knows for a tensor, so that equal symbols become equal
        Dims.
        """
        if isinstance(x, trt.ITensor) and -1 in self._fact(x)[1] and len(shape) == self.rank(x):
            self._symbols.setdefault(x, shape)

    def know(self, x: trt.ITensor, lengths: Sequence[Length]) -> None:
        """Tells the lengths of a tensor whose own shape must not be asked for: in a loop, where layers that
        ask belong to the loop, and what they give is no use outside.
        """
        self._shapes[x] = tuple(lengths)

    def shape(self, x: Value) -> tuple[Length, ...]:
        """Lengths of all axes: ints where known, Dims where not."""
        if isinstance(x, Const):
            return x.shape
        if not isinstance(x, trt.ITensor):
            return ()
        if x not in self._shapes:
            self._shapes[x] = tuple(self._length(x, i, n) for i, n in enumerate(self._fact(x)[1]))
        return self._shapes[x]

    def _length(self, x: trt.ITensor, axis: int, length: int) -> Length:
        if length >= 0:
            return length
        symbols = self._symbols.get(x)
        symbol = symbols[axis] if symbols is not None else None
        if isinstance(symbol, int):
            return symbol
        key = ("size", x, axis) if symbol is None else str(symbol)
        return self.dim(key, lambda: self._read_length(x, axis))

    def _read_length(self, x: trt.ITensor, axis: int) -> trt.ITensor:
        if x not in self._shape_tensors:
            self._shape_tensors[x] = self.emit(self.network.add_shape(x), "SHAPE")
        whole = self._shape_tensors[x]
        if self.rank(x) == 1:
            return whole
        return self.emit(self.network.add_slice(whole, (axis,), (1,), (1,)), "SLICE")

    def length(self, n: Length) -> trt.ITensor:
        """A length as a shape tensor: INT64, rank 1, one element."""
        return (
            n.tensor
            if isinstance(n, Dim)
            else self._constant(Const(torch.tensor([n]), f"the length {n}"), (1,))
        )

    def lengths(self, ns: Sequence[Length]) -> trt.ITensor:
        """Lengths as one shape tensor: INT64, rank 1."""
        if all(isinstance(n, int) for n in ns):
            return self._constant(Const(torch.tensor(list(ns), dtype=torch.int64), "lengths"), (len(ns),))
        parts: list[Any] = []
        for n in ns:  # neighbouring known lengths become one constant
            if isinstance(n, Dim):
                parts.append(n.tensor)
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(n)
            else:
                parts.append([n])
        tensors = [self.lengths(part) if isinstance(part, list) else part for part in parts]
        return tensors[0] if len(tensors) == 1 else self.concat(tensors, 0)

    def axis(self, x: Value | int, i: int) -> int:
        """A possibly negative axis as an index; `x` is the value it belongs to, or a rank."""
        rank = x if type(x) is int else self.rank(x)
        size = max(rank, 1)
        if not -size <= i < size:
            raise self.error(f"axis {i} is outside the rank {rank}")
        return i % size

    def axes(self, x: Value | int, dims: int | Sequence[int] | None) -> tuple[int, ...]:
        """Axes as indices in rising order; None or nothing means all of them."""
        rank = x if type(x) is int else self.rank(x)
        if dims is None or (not isinstance(dims, int) and len(dims) == 0):
            return tuple(range(rank))
        return tuple(sorted({self.axis(rank, i) for i in ([dims] if isinstance(dims, int) else dims)}))
