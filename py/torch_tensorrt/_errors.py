"""Exceptions of the package: each is also the builtin that callers of the public interface already catch."""


class TorchTensorRTError(Exception):
    """Base of everything that torch_tensorrt itself raises."""


class UnsupportedOperatorError(TorchTensorRTError, NotImplementedError):
    """An operator of the model cannot become part of an engine."""


class UnsupportedDtypeError(TorchTensorRTError, TypeError, ValueError):
    """A data type that the target cannot represent; it is never replaced by another one."""


class DtypeContractError(TorchTensorRTError, RuntimeError):
    """Tensors of a network disagree in type, or a result has not the type that PyTorch gives."""


class Int64RangeError(TorchTensorRTError, RuntimeError, OverflowError):
    """An int64 value does not fit the type that a layer needs."""


class ConversionError(TorchTensorRTError, RuntimeError):
    """A graph could not be turned into a network."""


class EngineError(TorchTensorRTError, RuntimeError):
    """An engine could not be built, loaded or run, or no engine library can be used."""


class InputError(TorchTensorRTError, ValueError, TypeError, RuntimeError):
    """An input, given at compile time or at a call, is not what was declared."""


class CacheError(TorchTensorRTError, RuntimeError):
    """An engine or timing cache cannot be read or written."""


class DtypeNarrowingWarning(UserWarning):
    """Values were narrowed to a smaller type without proof that they fit."""


class ProviderError(EngineError, ImportError):
    """No library can stand behind TensorRT's interface: missing, broken, or not the one asked for."""


class InputConflictError(InputError, AssertionError):
    """Arguments that exclude one another were given together, or none of those that are needed."""
