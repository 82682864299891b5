"""One process of a group: builds an engine with a collective operation and runs it on this rank's tensor.

python -m tests.engine._ranks RANK RANKS FILE NAME   runs `run_rank` of the case NAME; FILE is where processes
meet.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import tensorrt as trt
import torch
import torch.distributed as dist
import torch_tensorrt  # noqa: F401

from tests.engine._case import TORCH_OF, TRT_OF, device
from tests.engine._case import _Buffer as Buffer
from tests.engine._session import Session

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

PREVIEW = getattr(trt.PreviewFeature, "MULTIDEVICE_RUNTIME_10_16", None)


def consent(config: trt.IBuilderConfig, given: bool = True) -> None:
    """Several ranks are a preview in version 10 only."""
    if PREVIEW is not None:
        config.set_preview_feature(PREVIEW, given)


def communicator(*groups: str) -> tuple[Any, Any]:
    """What set_communicator takes, and the memory behind it."""
    text = ctypes.create_string_buffer(("torch.distributed:" + ",".join(groups)).encode())
    return _new_capsule(ctypes.addressof(text), None, None), text


def collective_session(
    x: torch.Tensor, op: Any, reduce: Any, root: int, groups: Sequence[int] | None, ranks: int
) -> Session:
    session = Session()
    tensor = session.input("x", tuple(x.shape), TRT_OF[x.dtype])
    layer = session.network.add_dist_collective(tensor, op, reduce, root, list(groups or []))
    assert layer is not None, session.logger.errors()
    layer.num_ranks = ranks
    assert session.logger.errors() == []
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    consent(session.config)
    return session


NO_REDUCTION = getattr(trt.ReduceOperation, "NONE", None)  # older bindings have no collectives


def run_collective(
    x: torch.Tensor,
    op: Any,
    reduce: Any = NO_REDUCTION,
    root: int = -1,
    groups: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    ranks: int | None = None,
) -> torch.Tensor:
    """This rank's result. `names`: process groups of the communicator, by default that of all ranks."""
    names = names or [dist.group.WORLD.group_name]
    session = collective_session(x, op, reduce, root, groups, ranks or dist.get_world_size())
    engine = session.engine()
    context = engine.create_execution_context()
    capsule, alive = communicator(*names)
    assert context.set_communicator(capsule), session.logger.errors()
    del alive  # the text was copied
    here, y = (
        Buffer(context.get_tensor_shape(name), TORCH_OF[engine.get_tensor_dtype(name)]) for name in ("x", "y")
    )
    here.tensor.copy_(x)
    assert context.set_tensor_address("x", here.address) and context.set_tensor_address("y", y.address)
    on_cuda = device().type == "cuda"
    stream = torch.cuda.current_stream().cuda_stream if on_cuda else 0
    for _ in range(2):  # the same again
        assert context.execute_async_v3(stream), session.logger.errors()
    if on_cuda:
        torch.cuda.synchronize()
    return y.tensor.cpu()


def main(rank: int, ranks: int, file: str, result: str) -> None:
    from tests.engine import test_dist_collective as cases

    backend = "nccl" if device().type == "cuda" else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(rank)
    dist.init_process_group(backend, init_method=f"file://{file}", rank=rank, world_size=ranks)
    torch.save(cases.on_rank(rank, ranks), f"{result}.{rank}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
