"""Kept import path: re-exports ConversionContext."""

from torch_tensorrt.dynamo.conversion._context import ConversionContext

__all__ = ["ConversionContext"]
