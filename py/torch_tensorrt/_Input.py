"""Input: what one tensor argument of the user's model looks like."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import torch

from torch_tensorrt._enums import dtype, memory_format
from torch_tensorrt._errors import InputError
from torch_tensorrt._example import example_values
from torch_tensorrt._shape_spec import FIELDS, Range, ShapeSpec, read_shape_spec

Shape = tuple[int, ...]

_SHAPE_KEYWORDS = ("shape", "min_shape", "opt_shape", "max_shape", "shape_ranges", "profiles", "shared_dims")
_KEYWORDS = (*_SHAPE_KEYWORDS, "dtype", "format", "tensor_domain", "torch_tensor", "name", "is_shape_tensor")


class Input:
    """Shape or range of shapes, type, layout and value domain of one input.

    Input((1, 3, 224, 224))
    Input(min_shape=(1, 3, 224), opt_shape=(8, 3, 224), max_shape=(32, 3, 224), dtype=torch.half)

    Keywords: `shape`; `min_shape`, `opt_shape`, `max_shape`; `profiles` (several such ranges); `shape_ranges`
    ([(min, opt, max)], beside a shape with -1); `dtype` (not given: float32); `format`; `tensor_domain`
    (values are in [low, high)); `torch_tensor` (an example); `name`; `is_shape_tensor` (the shapes are the
    values); `shared_dims` ({axis: name}: axes of one name have one size; the fields of namedtuple shapes say
    the same).
    """

    class _ShapeMode(Enum):
        STATIC = 0
        DYNAMIC = 1

    low_tensor_domain_incl: float = 0.0
    high_tensor_domain_excl: float = 2.0

    shape_mode: "Input._ShapeMode"
    shape: Shape | Range
    """Sizes, or a dict of min_shape, opt_shape and max_shape (of profiles: what they cover together)."""
    profiles: list[Range]
    shared_dims: dict[int, str]
    dtype: dtype
    """`dtype.unknown` where it was not declared; that is taken as float32."""
    _explicit_set_dtype: bool
    format: memory_format
    tensor_domain: tuple[float, float]
    name: str
    is_shape_tensor: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        keywords = _read_arguments(args, kwargs)
        example = keywords.pop("torch_tensor", None)
        spec = _spec_of(keywords, example)
        static = spec.static is not None
        self.shape_mode = Input._ShapeMode.STATIC if static else Input._ShapeMode.DYNAMIC
        self.shape = spec.static if static else spec.envelope  # type: ignore[assignment]
        self.profiles = spec.profiles
        self.shared_dims = spec.shared_dims
        self.dtype = _dtype_of(keywords.get("dtype"), example)
        self._explicit_set_dtype = self.dtype != dtype.unknown
        self.format = memory_format._from(keywords.get("format", memory_format.linear))
        self.tensor_domain = _domain(keywords.get("tensor_domain"))
        self.name = keywords.get("name", "")
        self.is_shape_tensor = bool(keywords.get("is_shape_tensor", False))
        self._given_example: torch.Tensor | None = None
        self._made_example: torch.Tensor | None = None
        if example is not None:
            self.torch_tensor = example

    @property
    def torch_tensor(self) -> torch.Tensor:
        """The user's example, or one that is made (of the opt shape) when it is first asked for."""
        if self._given_example is not None:
            return self._given_example
        if self._made_example is None:
            self._made_example = self.example_tensor(None if self._is_static() else "opt_shape")
        return self._made_example

    @torch_tensor.setter
    def torch_tensor(self, example: torch.Tensor) -> None:
        self._check_example(example)
        self._given_example = (
            example if example.dtype == self._torch_dtype() else example.to(self._torch_dtype())
        )

    def example_tensor(self, optimization_profile_field: str | None = None) -> torch.Tensor:
        """A CPU tensor of this shape, type and domain; a range of shapes needs the field."""
        shape = self._shape_for(optimization_profile_field)
        if self.is_shape_tensor:
            return torch.tensor(shape, dtype=torch.int64)
        values = example_values(shape, self._torch_dtype(), self.tensor_domain)
        layout = self.format.try_to(torch.memory_format) or torch.contiguous_format
        return values if len(shape) not in (4, 5) else _laid_out(values, layout)

    @classmethod
    def from_tensor(cls, t: torch.Tensor, disable_memory_format_check: bool = False) -> "Input":
        """The static Input that describes a tensor; it keeps the tensor as its example."""
        layout = memory_format.linear if disable_memory_format_check else _layout_of(t)
        return cls(shape=tuple(t.shape), dtype=t.dtype, format=layout, torch_tensor=t)

    @classmethod
    def from_tensors(
        cls, ts: Sequence[torch.Tensor], disable_memory_format_check: bool = False
    ) -> list["Input"]:
        """One Input a tensor."""
        if not isinstance(ts, (list, tuple)) or not all(isinstance(t, torch.Tensor) for t in ts):
            raise InputError(f"Input.from_tensors takes a list or tuple of tensors, got {type(ts).__name__}")
        return [cls.from_tensor(t, disable_memory_format_check) for t in ts]

    @staticmethod
    def equivalent_spec(a: "Input", b: "Input") -> bool:
        """Whether an engine built for one serves the other: shapes, type and layout are equal."""
        if not isinstance(a, Input) or not isinstance(b, Input):
            return False
        keys = ("shape_mode", "shape", "profiles", "dtype", "format", "is_shape_tensor")
        return all(getattr(a, key) == getattr(b, key) for key in keys)

    def __str__(self) -> str:
        low, high = self.tensor_domain
        if self._is_static():
            shape = f"shape={self.shape}"
        else:
            shape = ", ".join(f"{name}={self._shape_for(name)}" for name in FIELDS)
        parts = [shape, f"dtype={self.dtype}", f"format={self.format}", f"domain=[{low}, {high})"]
        parts += [f"name={self.name!r}"] if self.name else []
        parts += [f"profiles={len(self.profiles)}"] if len(self.profiles) > 1 else []
        parts += [f"shared_dims={self.shared_dims}"] if self.shared_dims else []
        return f"Input({', '.join(parts)})"

    __repr__ = __str__

    def _is_static(self) -> bool:
        return self.shape_mode == Input._ShapeMode.STATIC

    def _torch_dtype(self) -> torch.dtype:
        return self.dtype.to(torch.dtype, use_default=True)

    def _shape_for(self, field: str | None) -> Shape:
        if not isinstance(self.shape, dict):
            if field is not None:
                raise InputError(f"{field} of a static Input was asked for; its shape is {self.shape}")
            return self.shape
        if field not in FIELDS:
            raise InputError(
                f"an Input with a range of shapes needs one of {', '.join(FIELDS)}, got {field!r}"
            )
        return self.shape[field]

    def _bounds(self) -> tuple[Shape, Shape]:
        if isinstance(self.shape, dict):
            return self.shape["min_shape"], self.shape["max_shape"]
        return self.shape, self.shape

    def _check_example(self, example: torch.Tensor) -> None:
        if not isinstance(example, torch.Tensor):
            raise InputError(f"torch_tensor is a tensor, got {type(example).__name__}")
        if self.is_shape_tensor:
            return
        sizes = tuple(example.shape)
        low, high = self._bounds()
        fits = len(sizes) == len(low) and all(
            a <= size <= b for a, size, b in zip(low, sizes, high, strict=True)
        )
        if not fits:
            raise InputError(f"torch_tensor has shape {sizes}, which is not in {self}")


def _read_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The given keywords without None; one positional argument is the shape."""
    unknown = [name for name in kwargs if name not in _KEYWORDS]
    if unknown:
        raise InputError(f"Input has no keyword {', '.join(unknown)}; known: {', '.join(_KEYWORDS)}")
    if len(args) > 1:
        raise InputError(f"Input takes one positional argument, the shape; got {len(args)}: {args!r}")
    if args and any(
        kwargs.get(name) is not None
        for name in _SHAPE_KEYWORDS
        if name not in ("shape_ranges", "shared_dims")
    ):
        raise InputError("Input got a shape by position and another by keyword")
    positional = {"shape": args[0]} if args else {}
    return {name: value for name, value in {**kwargs, **positional}.items() if value is not None}


def _spec_of(keywords: dict[str, Any], example: torch.Tensor | None) -> ShapeSpec:
    shapes = {name: keywords[name] for name in _SHAPE_KEYWORDS if name in keywords}
    if not shapes and isinstance(example, torch.Tensor):
        shapes = {"shape": tuple(example.shape)}
    return read_shape_spec(**shapes)


def _dtype_of(declared: Any, example: torch.Tensor | None) -> dtype:
    """Declaration before example."""
    if declared is not None:
        return dtype._from(declared)
    return dtype._from(example.dtype) if isinstance(example, torch.Tensor) else dtype.unknown


def _domain(domain: Sequence[float] | None) -> tuple[float, float]:
    if domain is None:
        return (Input.low_tensor_domain_incl, Input.high_tensor_domain_excl)
    if isinstance(domain, (str, bytes)) or not hasattr(domain, "__len__") or len(domain) != 2:
        raise InputError(f"tensor_domain is (low, high), got {domain!r}")
    low, high = domain
    if not low < high:
        raise InputError(f"tensor_domain [low, high) needs low < high, got [{low}, {high})")
    return (low, high)


def _layout_of(t: torch.Tensor) -> memory_format:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    if t.is_contiguous():
        return memory_format.linear
    last = formats.get(t.dim())
    if last is not None and t.is_contiguous(memory_format=last):
        return memory_format._from(last)
    raise InputError(
        f"a tensor with shape {tuple(t.shape)}, strides {t.stride()} is not contiguous nor channels_last\n"
        "  Pass t.contiguous(), or disable_memory_format_check=True"
    )


def _laid_out(values: torch.Tensor, layout: torch.memory_format) -> torch.Tensor:
    wanted = {torch.channels_last: 4, torch.channels_last_3d: 5}.get(layout)
    return values.contiguous(memory_format=layout) if wanted == values.dim() else values
