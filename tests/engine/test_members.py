"""The table of what releases of the bindings lack is what the installed ones lack."""

from __future__ import annotations

import functools
from typing import Any

import pytest
import tensorrt as trt

from tests.engine._members import SINCE, should_have


def is_there(name: str) -> bool:
    path, _, argument = name.removesuffix(")").partition("(")
    try:
        member: Any = functools.reduce(getattr, path.split("."), trt)
    except AttributeError:
        return False
    return argument in (member.__doc__ or "")


@pytest.mark.parametrize("name", sorted(SINCE))
def test_members_are_there_since_their_release(name: str) -> None:
    assert is_there(name) == should_have(name)


@pytest.mark.parametrize("name", sorted(SINCE))
def test_nothing_is_listed_that_every_release_has(name: str) -> None:
    assert SINCE[name] != ((10, 13), (11, 0))
    assert SINCE[name] != (None, None)
