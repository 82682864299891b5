"""A way to have int32 index buffers where an engine without int64 is wanted."""

import torch

from torch_tensorrt._errors import Int64RangeError

_INT32 = torch.iinfo(torch.int32)


def int64_buffers_to_int32(module: torch.nn.Module) -> list[str]:
    """Replaces the int64 buffers of a module and its submodules by int32 ones; returns their names.

    Buffers of any depth are found, and each is checked: a value outside int32 raises Int64RangeError and the
    module stays as it was. Counters of BatchNorm (`num_batches_tracked`) stay: no engine reads them.
    Not needed for engines that have int64, which is every engine since TensorRT 10.
    """
    found = []
    for prefix, owner in module.named_modules():
        for name, buffer in owner.named_buffers(recurse=False):
            if buffer.dtype == torch.int64 and name != "num_batches_tracked":
                found.append((f"{prefix}.{name}" if prefix else name, owner, name, buffer))
    for path, _, _, buffer in found:
        _require_range(path, buffer)
    for _, owner, name, buffer in found:
        setattr(owner, name, buffer.to(torch.int32))
    return [path for path, *_ in found]


def _require_range(path: str, buffer: torch.Tensor) -> None:
    outside = ((buffer < _INT32.min) | (buffer > _INT32.max)).reshape(-1).nonzero()
    if outside.numel():
        index = int(outside[0])
        raise Int64RangeError(
            f"Buffer '{path}' holds {int(buffer.reshape(-1)[index])} at index {index}, outside int32\n"
            f"  int32 holds [{_INT32.min}, {_INT32.max}]\n"
            "  Keep the buffer int64: engines take it as it is."
        )
