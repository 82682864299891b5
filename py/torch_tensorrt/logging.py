"""Log of the package: one level for the Python logger, TensorRT's messages and the C++ half.

Nothing is configured by importing this: messages go to the handlers of the program, warnings and errors to
standard error where it has none. `set_level` and the context managers make lower levels visible there too.
"""

import importlib
import logging as _logging
import sys
from types import TracebackType
from typing import Any

import torch

_trt: Any = importlib.import_module("tensorrt")  # untyped: what it holds depends on the installed bindings

_LOGGER = _logging.getLogger("torch_tensorrt")
_ENGINE_LOGGER = _logging.getLogger("torch_tensorrt.tensorrt")

GRAPHS = 5
"""Python level of the C++ half's graph dumps, below DEBUG."""

_CPP_LEVELS = (
    (_logging.CRITICAL, 0),
    (_logging.ERROR, 1),
    (_logging.WARNING, 2),
    (_logging.INFO, 3),
    (_logging.DEBUG, 4),
)
_SEVERITIES = {
    "INTERNAL_ERROR": _logging.CRITICAL,
    "ERROR": _logging.ERROR,
    "WARNING": _logging.WARNING,
    "INFO": _logging.INFO,
    "VERBOSE": _logging.DEBUG,
}


class _EngineLogger(_trt.ILogger):
    """TensorRT's messages as records of the logger `torch_tensorrt.tensorrt`."""

    def __init__(self) -> None:
        _trt.ILogger.__init__(self)

    @property
    def min_severity(self) -> Any:
        """The least severe messages that are reported."""
        level = _ENGINE_LOGGER.getEffectiveLevel()
        reported = [name for name, python in _SEVERITIES.items() if python >= level]
        return getattr(_trt.ILogger.Severity, reported[-1] if reported else "INTERNAL_ERROR")

    @min_severity.setter
    def min_severity(self, severity: Any) -> None:
        _ENGINE_LOGGER.setLevel(_SEVERITIES[severity.name])

    def log(self, severity: Any, msg: str) -> None:
        _ENGINE_LOGGER.log(_SEVERITIES[severity.name], msg)


TRT_LOGGER = _EngineLogger()


class _FallbackHandler(_logging.StreamHandler):
    """Standard error, while the program has configured no handler of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_logging.Formatter("%(levelname)s:%(name)s:%(message)s"))

    def emit(self, record: _logging.LogRecord) -> None:
        if not _logging.getLogger().handlers:
            self.stream = sys.stderr
            super().emit(record)


_FALLBACK = _FallbackHandler()


def _cpp_level(level: int) -> int:
    return next((cpp for python, cpp in _CPP_LEVELS if level >= python), 5)


def set_level(level: int, logger: _logging.Logger | None = None) -> None:
    """Reports messages from `level` (of Python's logging) on, in both halves; or of that logger only."""
    if logger is not None:
        logger.setLevel(level)
        return
    if _FALLBACK not in _LOGGER.handlers:
        _LOGGER.addHandler(_FALLBACK)
    _LOGGER.setLevel(level)
    torch.ops.tensorrt.set_logging_level(_cpp_level(level))


class _LevelContext:
    """Sets a level for the length of a `with` block."""

    _level = _logging.WARNING

    def __enter__(self) -> "_LevelContext":
        self._before = (_LOGGER.level, _FALLBACK in _LOGGER.handlers, torch.ops.tensorrt.get_logging_level())
        set_level(self._level)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        python, had_fallback, cpp = self._before
        _LOGGER.setLevel(python)
        if not had_fallback:
            _LOGGER.removeHandler(_FALLBACK)
        torch.ops.tensorrt.set_logging_level(cpp)


class internal_errors(_LevelContext):
    """Reports internal errors only."""

    _level = _logging.CRITICAL


class errors(_LevelContext):
    """Reports errors."""

    _level = _logging.ERROR


class warnings(_LevelContext):
    """Reports warnings and errors: the default."""

    _level = _logging.WARNING


class info(_LevelContext):
    """Reports the steps of a compilation too."""

    _level = _logging.INFO


class debug(_LevelContext):
    """Reports everything but the graphs."""

    _level = _logging.DEBUG


class graphs(_LevelContext):
    """Reports everything, and the graphs between the passes."""

    _level = GRAPHS
