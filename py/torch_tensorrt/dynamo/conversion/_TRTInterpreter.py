"""Kept import path: re-exports the interpreter."""

from torch_tensorrt.dynamo.conversion._interpreter import TRTInterpreter, TRTInterpreterResult

__all__ = ["TRTInterpreter", "TRTInterpreterResult"]
