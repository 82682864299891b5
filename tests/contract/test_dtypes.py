"""The dtype table against torch and TensorRT: every type of theirs is known, or refused by name."""

import pytest
import tensorrt as trt
import torch
import torch_tensorrt._C as _C
from torch_tensorrt import dtype
from torch_tensorrt._errors import UnsupportedDtypeError

ROWS = {row[0]: row for row in _C.dtype_table()}
KINDS = {"floating", "integer", "boolean", "quantized", "complex"}


def torch_dtypes() -> list[torch.dtype]:
    """All of them, each once."""
    found = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    return sorted(found, key=str)


def name_of(torch_type: torch.dtype) -> str:
    return str(torch_type).removeprefix("torch.")


def test_rows_are_whole() -> None:
    assert len(ROWS) == len(_C.dtype_table())
    for name, torch_name, engine_name, bits, kind, narrow in _C.dtype_table():
        assert torch_name or engine_name, name
        assert bits in (4, 8, 16, 32, 64, 128) and kind in KINDS
        assert narrow is None or narrow in ROWS and ROWS[narrow][3] < bits


@pytest.mark.parametrize("torch_type", torch_dtypes(), ids=name_of)
def test_every_torch_dtype_is_a_member_or_is_refused_by_name(torch_type: torch.dtype) -> None:
    member = dtype.try_from(torch_type)
    if member is None:
        with pytest.raises(UnsupportedDtypeError, match=name_of(torch_type)):
            dtype._from(torch_type)
    else:
        assert member.to(torch.dtype) is torch_type and member == torch_type


@pytest.mark.parametrize("torch_type", torch_dtypes(), ids=name_of)
def test_rows_state_torchs_facts(torch_type: torch.dtype) -> None:
    rows = [row for row in ROWS.values() if row[1] == name_of(torch_type)]
    if not rows:
        assert dtype.try_from(torch_type) is None
        return
    [(name, _, _, bits, kind, _)] = rows
    packed = 2 if name_of(torch_type).endswith("_x2") else 1
    assert bits * packed == torch_type.itemsize * 8
    assert (kind == "complex") == torch_type.is_complex
    assert name == name_of(torch_type).removesuffix("_x2")
    if kind == "floating":
        assert torch_type.is_floating_point


def test_rows_name_torch_dtypes() -> None:
    for row in ROWS.values():
        assert row[1] is None or isinstance(getattr(torch, row[1]), torch.dtype)


def test_every_type_of_the_engine_has_one_row() -> None:
    assert sorted(row[2] for row in ROWS.values() if row[2]) == sorted(
        {
            *trt.DataType.__members__,
            *(row[2] for row in ROWS.values() if row[2] and not hasattr(trt.DataType, row[2])),
        }
    )
    assert set(trt.DataType.__members__) <= {row[2] for row in ROWS.values()}


@pytest.mark.parametrize("engine_type", trt.DataType.__members__)
def test_every_engine_type_is_a_member_or_is_refused_by_name(engine_type: str) -> None:
    twin = getattr(trt.DataType, engine_type)
    member = dtype.try_from(twin)
    if member is None:
        with pytest.raises(UnsupportedDtypeError, match=engine_type):
            dtype._from(twin)
    else:
        assert member.to(trt.DataType) == twin


def test_engine_sizes() -> None:
    for row in ROWS.values():
        size = getattr(getattr(trt.DataType, row[2] or "", None), "itemsize", None)
        assert size is None or size * 8 == row[3]


def test_members_are_rows() -> None:
    for member in dtype:
        if member is not dtype.unknown:
            assert name_of(member.to(torch.dtype)) in {row[1] for row in ROWS.values()}


def test_narrowing_is_by_permission_of_64_bit_types_only() -> None:
    narrow = {name: row[5] for name, row in ROWS.items() if row[5]}
    assert narrow == {"int64": "int32", "float64": "float32", "complex128": "complex64"}
