"""Kept import path: re-exports the global partitioner."""

from torch_tensorrt.dynamo.partitioning._partition import global_partition

__all__ = ["global_partition"]
