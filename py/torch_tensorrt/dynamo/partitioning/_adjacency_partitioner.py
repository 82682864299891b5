"""Kept import path: re-exports the fast partitioner."""

from torch_tensorrt.dynamo.partitioning._partition import Partition, fast_partition, partition

__all__ = ["Partition", "fast_partition", "partition"]
