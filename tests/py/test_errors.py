"""Exception classes, and what C++ errors become at the door of _C."""

import pytest
import torch_tensorrt._C as _C
from torch_tensorrt import _errors
from torch_tensorrt._errors import TorchTensorRTError

BUILTINS = {
    "UnsupportedOperatorError": (RuntimeError, NotImplementedError),
    "UnsupportedDtypeError": (TypeError, ValueError),
    "DtypeContractError": (RuntimeError,),
    "Int64RangeError": (RuntimeError, OverflowError),
    "ConversionError": (RuntimeError,),
    "EngineError": (RuntimeError,),
    "InputError": (ValueError, TypeError, RuntimeError),
    "InputConflictError": (ValueError, TypeError, RuntimeError, AssertionError),
    "CacheError": (RuntimeError,),
    "ProviderError": (RuntimeError, ImportError),
}


@pytest.mark.parametrize("name", BUILTINS)
def test_errors_are_what_callers_already_catch(name: str) -> None:
    error = getattr(_errors, name)
    assert issubclass(error, TorchTensorRTError)
    assert all(issubclass(error, builtin) for builtin in BUILTINS[name])
    assert str(error("text")) == "text"


def test_every_error_is_in_the_list() -> None:
    classes = {name for name, value in vars(_errors).items() if isinstance(value, type)}
    assert classes == {*BUILTINS, "TorchTensorRTError", "DtypeNarrowingWarning"}
    assert issubclass(_errors.DtypeNarrowingWarning, UserWarning)


KINDS = {
    "kInternal": "EngineError",
    "kInvalidArgument": "InputError",
    "kInvalidConfig": "ConversionError",
    "kUnsupported": "UnsupportedOperatorError",
    "kUnsupportedDtype": "UnsupportedDtypeError",
    "kDtypeContract": "DtypeContractError",
    "kInt64Range": "Int64RangeError",
    "kInvalidState": "EngineError",
    "kExecution": "EngineError",
    "kCorruptPlan": "EngineError",
}


@pytest.mark.parametrize("kind", KINDS)
def test_cpp_errors_become_the_class_of_their_kind(kind: str) -> None:
    with pytest.raises(TorchTensorRTError, match="^what failed$") as caught:
        _C._raise_error(kind, "what failed")
    assert type(caught.value) is getattr(_errors, KINDS[kind])


def test_errors_of_pybind11_itself_stay() -> None:
    with pytest.raises(KeyError):
        _C._raise_error("kNoSuchKind", "")
    with pytest.raises(TypeError):
        _C._raise_error(1, 2)
