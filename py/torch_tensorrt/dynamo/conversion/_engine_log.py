"""The engine's messages: passed on to Python's logging, and kept so that an error can say what the engine
said.
"""

from __future__ import annotations

import logging
from collections import deque

import tensorrt as trt

logger = logging.getLogger("torch_tensorrt.engine")

_LEVELS = {
    trt.ILogger.Severity.INTERNAL_ERROR: logging.CRITICAL,
    trt.ILogger.Severity.ERROR: logging.ERROR,
    trt.ILogger.Severity.WARNING: logging.WARNING,
    trt.ILogger.Severity.INFO: logging.INFO,
    trt.ILogger.Severity.VERBOSE: logging.DEBUG,
}


class EngineLog(trt.ILogger):
    """A logger for one build. Errors are not printed: they become part of the exception."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.errors: deque[str] = deque(maxlen=20)

    def log(self, severity: trt.ILogger.Severity, message: str) -> None:
        """Called by the engine."""
        level = _LEVELS.get(severity, logging.INFO)
        if level >= logging.ERROR:
            self.errors.append(message)
            logger.debug("%s", message)
        else:
            logger.log(min(level, logging.DEBUG) if level < logging.WARNING else level, "%s", message)

    def take(self) -> str:
        """The errors since the last call, in the engine's own words."""
        said = "\n  ".join(f"engine: {m}" for m in self.errors)
        self.errors.clear()
        return said
