"""What an Input may be shaped like: reads and checks the shape keywords of Input."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch_tensorrt._errors import InputError

Shape = tuple[int, ...]
Range = dict[str, Shape]
"""{"min_shape": ..., "opt_shape": ..., "max_shape": ...}"""

FIELDS = ("min_shape", "opt_shape", "max_shape")
MAX_RANK = 8

# Constraints:
#   c1  exactly one of: shape, (min_shape, opt_shape, max_shape), profiles; shape_ranges beside shape with -1
#   c2  a shape is a sequence of at most 8 integers, none negative
#   c3  min, opt and max have one rank and min <= opt <= max on every axis
#   c4  profiles have one rank
#   c5  a shared dimension is an axis of the shape with room between min and max; its name is an identifier


@dataclass(frozen=True)
class ShapeSpec:
    """Either `static`, or `envelope` (what all profiles together cover) and its `profiles`."""

    static: Shape | None = None
    envelope: Range | None = None
    profiles: list[Range] = field(default_factory=list)
    shared_dims: dict[int, str] = field(default_factory=dict)


def read_shape_spec(
    shape: Sequence[int] | None = None,
    shape_ranges: Sequence[Sequence[Sequence[int]]] | None = None,
    profiles: Sequence[Mapping[str, Sequence[int]]] | None = None,
    shared_dims: Mapping[int, str] | None = None,
    **bounds: Sequence[int] | None,
) -> ShapeSpec:
    """The spec that the keywords of Input describe; `bounds` are min_shape, opt_shape and max_shape."""
    given = {name: value for name, value in bounds.items() if value is not None}
    _check_alternatives(shape, shape_ranges, profiles, given)  # c1
    names = _field_names([shape] if shape is not None else [*given.values(), *_all_shapes(profiles)])
    if shape is not None and shape_ranges is None:
        return _static(shape, shared_dims)
    if shape is not None:
        ranges = [_range_of_triple(triple, shape) for triple in shape_ranges or ()]
    else:
        ranges = [_range(profile) for profile in (profiles if profiles is not None else [given])]
    return _dynamic(ranges, names, shared_dims)


def _check_alternatives(shape: Any, shape_ranges: Any, profiles: Any, given: Mapping[str, Any]) -> None:
    ways = [name for name, value in (("shape", shape), ("profiles", profiles)) if value is not None]
    ways += ["min_shape, opt_shape, max_shape"] if given else []
    if len(ways) != 1:
        what = f"{' and '.join(ways)} together" if ways else "no shape at all"
        raise InputError(
            f"Input takes either shape, or min_shape, opt_shape and max_shape, or profiles; got {what}"
        )
    missing = [name for name in FIELDS if name not in given]
    if given and missing:
        raise InputError(
            f"Input with a range of shapes needs {', '.join(FIELDS)}; {', '.join(missing)} missing"
        )
    if shape_ranges is not None and shape is None:
        raise InputError(
            "shape_ranges belongs to a shape that has -1 for its dynamic axes; no shape was given"
        )
    if profiles is not None and len(profiles) == 0:
        raise InputError("profiles is empty; give at least one {min_shape, opt_shape, max_shape}")


def _sizes(shape: Any, what: str, lowest: int = 0) -> Shape:
    if isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__"):
        raise InputError(f"{what} is a tuple or list of integers, got {shape!r}")  # c2
    if any(isinstance(size, bool) for size in shape):
        raise InputError(f"{what} is a tuple or list of integers, got {shape!r}")  # c2
    try:
        sizes = tuple(operator.index(size) for size in shape)
    except TypeError:
        raise InputError(f"{what} is a tuple or list of integers, got {shape!r}") from None  # c2
    if len(sizes) > MAX_RANK:
        raise InputError(
            f"{what} has {len(sizes)} dimensions, an engine takes at most {MAX_RANK}: {sizes}"
        )  # c2
    if any(size < lowest for size in sizes):
        hint = "\n  For a dynamic axis give min_shape, opt_shape and max_shape" if -1 in sizes else ""
        raise InputError(f"{what} has a negative size: {sizes}{hint}")  # c2
    return sizes


def _static(shape: Sequence[int], shared_dims: Mapping[int, str] | None) -> ShapeSpec:
    sizes = _sizes(shape, "shape")
    if shared_dims:
        raise InputError(f"shared_dims names dynamic axes, but shape {sizes} has none")  # c5
    return ShapeSpec(static=sizes)


def _range(bounds: Mapping[str, Sequence[int]]) -> Range:
    if not isinstance(bounds, Mapping) or sorted(bounds) != sorted(FIELDS):
        raise InputError(f"a profile is a dict of {', '.join(FIELDS)}; got {bounds!r}")
    low, opt, high = (_sizes(bounds[name], name) for name in FIELDS)
    if not len(low) == len(opt) == len(high):
        raise InputError(f"min_shape, opt_shape and max_shape have one rank, got {low}, {opt}, {high}")  # c3
    for axis, (a, b, c) in enumerate(zip(low, opt, high, strict=True)):
        if not a <= b <= c:
            raise InputError(f"min <= opt <= max expected on axis {axis}, got {a}, {b}, {c}")  # c3
    return {"min_shape": low, "opt_shape": opt, "max_shape": high}


def _range_of_triple(triple: Sequence[Sequence[int]], shape: Sequence[int]) -> Range:
    if len(triple) != 3:
        raise InputError(f"an entry of shape_ranges is (min shape, opt shape, max shape), got {triple!r}")
    sizes = _sizes(shape, "shape", lowest=-1)
    bounds = _range(dict(zip(FIELDS, triple, strict=True)))
    for name, bound in bounds.items():
        fits = len(bound) == len(sizes) and all(
            size in (-1, given) for size, given in zip(sizes, bound, strict=True)
        )
        if not fits:
            raise InputError(f"{name} {bound} of shape_ranges does not go with shape {sizes}")
    return bounds


def _dynamic(ranges: list[Range], names: dict[int, str], shared_dims: Mapping[int, str] | None) -> ShapeSpec:
    if not ranges:
        raise InputError("shape_ranges is empty; give at least one (min shape, opt shape, max shape)")
    if len({len(bounds["min_shape"]) for bounds in ranges}) != 1:
        raise InputError(f"profiles have one rank, got {ranges}")  # c4
    envelope = {
        "min_shape": tuple(map(min, zip(*(bounds["min_shape"] for bounds in ranges), strict=True))),
        "opt_shape": ranges[0]["opt_shape"],
        "max_shape": tuple(map(max, zip(*(bounds["max_shape"] for bounds in ranges), strict=True))),
    }
    return ShapeSpec(
        envelope=envelope, profiles=ranges, shared_dims=_shared(envelope, names, shared_dims or {})
    )


def _shared(envelope: Range, names: Mapping[int, str], asked: Mapping[int, str]) -> dict[int, str]:
    rank = len(envelope["min_shape"])
    moving = {axis for axis in range(rank) if envelope["min_shape"][axis] != envelope["max_shape"][axis]}
    shared = {axis: name for axis, name in names.items() if axis in moving}
    for given_axis, name in asked.items():
        axis = given_axis + rank if given_axis < 0 else given_axis
        if axis not in moving:
            raise InputError(
                f"shared_dims names axis {given_axis}, which is not a dynamic axis of {envelope}"
            )  # c5
        if not (isinstance(name, str) and name.isidentifier()):
            raise InputError(
                f"shared_dims gives axis {given_axis} the name {name!r}, which is no identifier"
            )  # c5
        if shared.setdefault(axis, name) != name:
            raise InputError(
                f"axis {given_axis} is named {shared[axis]!r} by the shape, {name!r} by shared_dims"
            )
    return shared


def _field_names(shapes: Sequence[Any]) -> dict[int, str]:
    """Axis -> field name, where the shapes are namedtuples."""
    fields = {shape._fields for shape in shapes if hasattr(shape, "_fields")}
    if len(fields) > 1:
        raise InputError(f"min_shape, opt_shape and max_shape name their axes differently: {sorted(fields)}")
    return dict(enumerate(fields.pop())) if fields else {}


def _all_shapes(profiles: Sequence[Mapping[str, Any]] | None) -> list[Any]:
    return [shape for profile in profiles or () if isinstance(profile, Mapping) for shape in profile.values()]
