"""Input: shapes, ranges, profiles, shared dimensions, types, layouts, examples."""

import copy
import pickle
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch_tensorrt import Input, dtype, memory_format
from torch_tensorrt._errors import InputError, UnsupportedDtypeError

RANGE = {"min_shape": (1, 3), "opt_shape": (4, 3), "max_shape": (8, 3)}


@pytest.mark.parametrize("shape", [(1, 3), [1, 3], torch.Size((1, 3)), (np.int64(1), 3)])
def test_static_shapes(shape: Any) -> None:
    for made in (Input(shape), Input(shape=shape)):
        assert made.shape == (1, 3) and type(made.shape) is tuple
        assert made.shape_mode is Input._ShapeMode.STATIC
        assert made.profiles == [] and made.shared_dims == {}


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), tuple(range(8))])
def test_scalars_and_empty_shapes(shape: Any) -> None:
    assert Input(shape).shape == shape and tuple(Input(shape).torch_tensor.shape) == shape


def test_defaults() -> None:
    made = Input((1, 3))
    assert made.dtype is dtype.unknown and not made._explicit_set_dtype
    assert made.format is memory_format.linear and made.tensor_domain == (0.0, 2.0)
    assert made.name == "" and made.is_shape_tensor is False
    assert (Input.low_tensor_domain_incl, Input.high_tensor_domain_excl) == (0.0, 2.0)
    assert made.torch_tensor.dtype == torch.float32


def test_a_range_of_shapes() -> None:
    made = Input(**RANGE, dtype=torch.half)
    assert made.shape == RANGE and made.shape_mode is Input._ShapeMode.DYNAMIC
    assert made.profiles == [RANGE]
    for field, shape in RANGE.items():
        assert tuple(made.example_tensor(field).shape) == shape
    assert tuple(made.torch_tensor.shape) == (4, 3) and made.torch_tensor.dtype == torch.half


def test_shape_ranges_mean_min_opt_max() -> None:
    made = Input(shape=(-1, 3), shape_ranges=[((1, 3), (4, 3), (8, 3))])
    assert made.shape == RANGE
    several = Input(shape=(-1, 3), shape_ranges=[((1, 3), (1, 3), (2, 3)), ((3, 3), (4, 3), (9, 3))])
    assert len(several.profiles) == 2 and several.shape["max_shape"] == (9, 3)


def test_profiles_are_kept_and_the_shape_covers_them() -> None:
    second = {"min_shape": (16, 3), "opt_shape": (32, 3), "max_shape": (64, 3)}
    made = Input(profiles=[RANGE, second])
    assert made.profiles == [RANGE, second]
    assert made.shape == {"min_shape": (1, 3), "opt_shape": (4, 3), "max_shape": (64, 3)}


def test_shared_dims() -> None:
    made = Input(**RANGE, shared_dims={0: "batch"})
    assert made.shared_dims == {0: "batch"}
    assert Input(**RANGE, shared_dims={-2: "batch"}).shared_dims == {0: "batch"}


def test_fields_of_namedtuple_shapes_are_shared_dims_of_dynamic_axes() -> None:
    Shape = namedtuple("Shape", "batch width")
    made = Input(**{field: Shape(*shape) for field, shape in RANGE.items()})
    assert made.shared_dims == {0: "batch"} and made.shape == RANGE
    assert all(type(shape) is tuple for shape in made.shape.values())
    assert Input(Shape(1, 3)).shape == (1, 3) and Input(Shape(1, 3)).shared_dims == {}
    assert Input(profiles=[{field: Shape(*shape) for field, shape in RANGE.items()}]).shared_dims == {
        0: "batch"
    }
    same = Input(**{field: Shape(*shape) for field, shape in RANGE.items()}, shared_dims={0: "batch"})
    assert same.shared_dims == {0: "batch"}


WRONG: dict[str, Any] = {
    "no shape": ({}, "no shape at all"),  # c1
    "two shapes": ({"shape": (1, 3), **RANGE}, "together"),  # c1
    "shape and profiles": ({"profiles": [RANGE], **RANGE}, "together"),  # c1
    "no opt": ({"min_shape": (1,), "max_shape": (2,)}, "opt_shape missing"),  # c1
    "ranges without shape": ({**RANGE, "shape_ranges": []}, "no shape was given"),  # c1
    "no ranges": ({"shape": (-1,), "shape_ranges": []}, "shape_ranges is empty"),  # c1
    "no profiles": ({"profiles": []}, "profiles is empty"),  # c1
    "text": ({"shape": "13"}, "tuple or list of integers"),  # c2
    "number": ({"shape": 3}, "tuple or list of integers"),  # c2
    "float": ({"shape": (1.5, 3)}, "tuple or list of integers"),  # c2
    "bool": ({"shape": (True, 3)}, "tuple or list of integers"),  # c2
    "negative": ({"shape": (-1, 3)}, "For a dynamic axis give min_shape"),  # c2
    "nine axes": ({"shape": (1,) * 9}, "at most 8"),  # c2
    "ranks": ({**RANGE, "opt_shape": (4,)}, "one rank"),  # c3
    "min over opt": ({**RANGE, "min_shape": (5, 3)}, "axis 0, got 5, 4, 8"),  # c3
    "opt over max": ({**RANGE, "opt_shape": (4, 9)}, "axis 1, got 3, 9, 3"),  # c3
    "profile keys": ({"profiles": [{"min": (1,)}]}, "a profile is a dict of"),
    "profile ranks": (
        {"profiles": [RANGE, {"min_shape": (1,), "opt_shape": (1,), "max_shape": (1,)}]},
        "profiles have one rank",
    ),  # c4
    "shape_ranges pair": (
        {"shape": (-1,), "shape_ranges": [((1,), (2,))]},
        "min shape, opt shape, max shape",
    ),
    "shape_ranges other": (
        {"shape": (-1, 4), "shape_ranges": [tuple(RANGE.values())]},
        "does not go with shape",
    ),
    "shared static axis": ({**RANGE, "shared_dims": {1: "width"}}, "not a dynamic axis"),  # c5
    "shared no axis": ({**RANGE, "shared_dims": {2: "width"}}, "not a dynamic axis"),  # c5
    "shared name": ({**RANGE, "shared_dims": {0: "a b"}}, "no identifier"),  # c5
    "shared of static": ({"shape": (1, 3), "shared_dims": {0: "batch"}}, "has none"),  # c5
    "domain": ({"shape": (1,), "tensor_domain": (2, 2)}, "needs low < high"),
    "domain size": ({"shape": (1,), "tensor_domain": (1, 2, 3)}, "tensor_domain is"),
    "example": ({"shape": (1,), "torch_tensor": [1]}, "torch_tensor is a tensor"),
    "example shape": ({"shape": (1, 3), "torch_tensor": torch.zeros(3, 1)}, "which is not in"),
    "example range": ({**RANGE, "torch_tensor": torch.zeros(9, 3)}, "which is not in"),
    "keyword": ({"shape": (1,), "shap": 1}, "has no keyword shap"),
    "format": ({"shape": (1,), "format": torch.preserve_format}, "Use one of linear"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused_and_why(what: str) -> None:
    keywords, why = WRONG[what]
    with pytest.raises(InputError, match=why):
        Input(**keywords)
    for builtin in (ValueError, TypeError, RuntimeError):
        with pytest.raises(builtin):
            Input(**keywords)


def test_positional_arguments() -> None:
    with pytest.raises(InputError, match="one positional argument"):
        Input((1,), (2,))
    with pytest.raises(InputError, match="by position and another by keyword"):
        Input((1,), shape=(1,))


@pytest.mark.parametrize("declared", [torch.half, np.float16, dtype.f16, dtype.half])
def test_declared_dtypes(declared: Any) -> None:
    made = Input((2,), dtype=declared)
    assert made.dtype is dtype.f16 and made._explicit_set_dtype


@pytest.mark.parametrize("declared", [torch.int16, torch.complex64, torch.float8_e5m2, "float32", np.uint16])
def test_unsupported_dtypes_raise(declared: Any) -> None:
    with pytest.raises(UnsupportedDtypeError):
        Input((2,), dtype=declared)
    with pytest.raises((TypeError, ValueError)):
        Input((2,), dtype=declared)


def test_a_declaration_goes_before_the_example() -> None:
    assert Input((2,), torch_tensor=torch.ones(2, dtype=torch.int64)).dtype is dtype.i64
    declared = Input((2,), dtype=torch.int32, torch_tensor=torch.ones(2, dtype=torch.int64))
    assert declared.dtype is dtype.i32 and declared.torch_tensor.dtype == torch.int32


def test_the_example_alone_is_enough_and_is_kept() -> None:
    example = torch.ones(2, 3, dtype=torch.bfloat16)
    made = Input(torch_tensor=example)
    assert made.shape == (2, 3) and made.dtype is dtype.bf16 and made.torch_tensor is example


MEMBERS = [member for member in dtype if member is not dtype.unknown]


@pytest.mark.parametrize("member", MEMBERS)
def test_examples_have_the_type_and_lie_in_the_domain(member: dtype) -> None:
    example = Input((64, 8), dtype=member, tensor_domain=(0, 2)).example_tensor()
    assert example.dtype == member.to(torch.dtype) and tuple(example.shape) == (64, 8)
    if member is not dtype.f4:
        values = example.double()
        assert values.min() >= 0 and values.max() < 2 and values.unique().numel() > 1


@settings(max_examples=40, deadline=None)
@given(
    low=st.floats(-1000, 1000),
    width=st.floats(1.5, 1000),
    member=st.sampled_from([dtype.f32, dtype.f16, dtype.bf16, dtype.i64]),
)
def test_any_domain_is_kept(low: float, width: float, member: dtype) -> None:
    assume(width > 2**-7 * (abs(low) + width))  # bfloat16 has a value in the domain
    values = Input((50,), dtype=member, tensor_domain=(low, low + width)).example_tensor().double()
    torch_dtype = member.to(torch.dtype)
    floor = low
    if torch_dtype.is_floating_point:  # a value next to low may round to what low itself rounds to, below it
        floor = min(low, torch.tensor(low, dtype=torch.float64).to(torch_dtype).item())
    assert values.min() >= floor and values.max() < low + width


@pytest.mark.parametrize(
    ("layout", "shape"),
    [(torch.channels_last, (2, 3, 4, 5)), (torch.channels_last_3d, (2, 3, 4, 5, 6))],
)
def test_examples_have_the_layout(layout: torch.memory_format, shape: Any) -> None:
    made = Input(shape, format=layout)
    assert made.format == layout
    assert made.torch_tensor.is_contiguous(memory_format=layout) and not made.torch_tensor.is_contiguous()
    again = Input.from_tensor(made.torch_tensor)
    assert again.format == layout


def test_from_tensor() -> None:
    t = torch.ones(2, 3, 4, 5, dtype=torch.int64)
    made = Input.from_tensor(t)
    assert made.shape == (2, 3, 4, 5) and made.dtype is dtype.i64 and made._explicit_set_dtype
    assert made.format is memory_format.contiguous and made.torch_tensor is t
    assert Input.from_tensor(torch.tensor(1.0)).shape == ()


def test_from_tensor_refuses_other_layouts() -> None:
    with pytest.raises(InputError, match="not contiguous nor channels_last"):
        Input.from_tensor(torch.ones(2, 3).t())
    assert Input.from_tensor(torch.ones(2, 3).t(), disable_memory_format_check=True).shape == (3, 2)


def test_from_tensors() -> None:
    made = Input.from_tensors([torch.ones(1), torch.ones(2, dtype=torch.half)])
    assert [i.shape for i in made] == [(1,), (2,)] and made[1].dtype is dtype.f16
    with pytest.raises(InputError, match="list or tuple of tensors"):
        Input.from_tensors(torch.ones(2))  # type: ignore[arg-type]


def test_example_tensor_of_a_field() -> None:
    with pytest.raises(InputError, match="opt_shape of a static Input"):
        Input((1,)).example_tensor("opt_shape")
    for field in (None, "shape", "typical"):
        with pytest.raises(InputError, match="needs one of min_shape, opt_shape, max_shape"):
            Input(**RANGE).example_tensor(field)


def test_shape_tensors_are_their_values() -> None:
    made = Input(min_shape=(1,), opt_shape=(5,), max_shape=(9,), is_shape_tensor=True)
    assert made.torch_tensor.tolist() == [5] and made.torch_tensor.dtype == torch.int64
    assert made.example_tensor("max_shape").tolist() == [9]


def test_equivalent_spec() -> None:
    same = Input(**RANGE, dtype=torch.half)
    assert Input.equivalent_spec(same, Input(**RANGE, dtype=torch.half, name="other"))
    assert not Input.equivalent_spec(same, Input(**RANGE))
    assert not Input.equivalent_spec(same, Input((4, 3), dtype=torch.half))
    assert not Input.equivalent_spec(Input((4, 3)), Input((3, 4)))
    assert not Input.equivalent_spec(Input((1, 3, 2, 2)), Input((1, 3, 2, 2), format=torch.channels_last))


def test_text() -> None:
    static = Input((1, 3), dtype=torch.half)
    assert (
        str(static) == "Input(shape=(1, 3), dtype=dtype.f16, format=memory_format.linear, domain=[0.0, 2.0))"
    )
    text = repr(Input(**RANGE, name="x", shared_dims={0: "batch"}))
    assert (
        "min_shape=(1, 3), opt_shape=(4, 3), max_shape=(8, 3)" in text
        and "name='x'" in text
        and "batch" in text
    )


@pytest.mark.parametrize("made", [Input((1, 3)), Input(**RANGE, dtype=torch.bfloat16, name="x")])
def test_copies_and_pickles(made: Input) -> None:
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert Input.equivalent_spec(made, other) and str(made) == str(other)


def test_a_torch_tensor_can_be_exchanged() -> None:
    made = Input(**RANGE)
    made.torch_tensor = torch.full((8, 3), 7.0)
    assert made.torch_tensor[0, 0] == 7
    with pytest.raises(InputError, match="which is not in"):
        made.torch_tensor = torch.ones(9, 3)
