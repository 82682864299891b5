"""Device: the device an engine is built for."""

import re
from typing import Any

import torch

from torch_tensorrt._enums import DeviceType
from torch_tensorrt._errors import InputError
from torch_tensorrt._provider import provider

_SPELLING = re.compile(r"(gpu|cuda|dla|cpu)(?::(\d+))?")
_KINDS = {"gpu": DeviceType.GPU, "cuda": DeviceType.GPU, "dla": DeviceType.DLA, "cpu": DeviceType.CPU}
_SERIALIZED_TYPES = {DeviceType.UNKNOWN: -1, DeviceType.GPU: 0, DeviceType.DLA: 1, DeviceType.CPU: 2}
_DELIMITER = "%"


class Device:
    """A GPU, a core of a deep learning accelerator, or (embedded engine without CUDA) the CPU.

    Device("cuda:1"), Device("dla:0", allow_gpu_fallback=True), Device(gpu_id=1), Device("cpu")

    Without arguments it is the device that engines run on now.
    """

    device_type: DeviceType
    gpu_id: int
    """Of a DLA: the GPU that manages it. -1 for the CPU."""
    dla_core: int
    """-1 where it is no DLA."""
    allow_gpu_fallback: bool

    def __init__(
        self,
        *args: str | torch.device,
        gpu_id: int | None = None,
        dla_core: int | None = None,
        allow_gpu_fallback: bool = False,
        **kwargs: Any,
    ) -> None:
        _check_arguments(args, gpu_id, dla_core, kwargs)
        if args:
            place = _parse(args[0])
        elif dla_core is not None:
            place = (DeviceType.DLA, gpu_id or 0, _number(dla_core, "dla_core"))
        elif gpu_id is not None:
            place = (DeviceType.GPU, _number(gpu_id, "gpu_id"), -1)
        else:
            place = _current()
        self.device_type, self.gpu_id, self.dla_core = place
        self.allow_gpu_fallback = bool(allow_gpu_fallback)

    @classmethod
    def _from(cls, d: "Device | torch.device | str | None") -> "Device":
        """A Device of whatever names one; None is the current one."""
        if isinstance(d, Device):
            return d
        return cls._current_device() if d is None else cls(d)

    @classmethod
    def _from_torch_device(cls, torch_dev: torch.device) -> "Device":
        return cls(torch_dev)

    @classmethod
    def _current_device(cls) -> "Device":
        """torch's current CUDA device; the CPU where engines run on it."""
        return cls()

    def to(self, target_type: type) -> torch.device:
        """`to(torch.device)`: where tensors of an engine on this device live."""
        if target_type is not torch.device:
            raise InputError(f"a Device becomes a torch.device, not {target_type!r}")
        return (
            torch.device("cpu") if self.device_type == DeviceType.CPU else torch.device("cuda", self.gpu_id)
        )

    def _to_serialized_rt_device(self) -> str:
        """`id%major%minor%type%name`, as it stands in a saved engine."""
        major, minor, name = 0, 0, "CPU" if self.device_type == DeviceType.CPU else "CUDA"
        if self.device_type != DeviceType.CPU and self.gpu_id < torch.cuda.device_count():
            properties = torch.cuda.get_device_properties(self.gpu_id)
            major, minor, name = properties.major, properties.minor, properties.name.replace(_DELIMITER, "_")
        fields = (self.gpu_id, major, minor, _SERIALIZED_TYPES[self.device_type], name)
        return _DELIMITER.join(map(str, fields))

    def _key(self) -> tuple[DeviceType, int, int, bool]:
        return (self.device_type, self.gpu_id, self.dla_core, self.allow_gpu_fallback)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Device) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        if self.device_type == DeviceType.CPU:
            return "Device(type=CPU)"
        dla = f", dla_core={self.dla_core}, allow_gpu_fallback={self.allow_gpu_fallback}"
        return (
            f"Device(type={self.device_type.name}, gpu_id={self.gpu_id}{dla if self.dla_core >= 0 else ''})"
        )

    __repr__ = __str__


def _check_arguments(args: tuple[Any, ...], gpu_id: Any, dla_core: Any, kwargs: Any) -> None:
    if kwargs:
        raise InputError(
            f"Device has no keyword {', '.join(kwargs)}; known: gpu_id, dla_core, allow_gpu_fallback"
        )
    if len(args) > 1:
        raise InputError(f"Device takes one positional argument, like 'cuda:0'; got {args!r}")
    if args and (gpu_id is not None or dla_core is not None):
        raise InputError(f"Device takes either {args[0]!r} or gpu_id and dla_core, not both")


def _number(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(f"{what} is a number from 0, got {value!r}")
    return value


def _parse(spec: str | torch.device) -> tuple[DeviceType, int, int]:
    match = _SPELLING.fullmatch(str(spec).strip().lower())
    if match is None:
        raise InputError(f"a device is written gpu:N, cuda:N, dla:N or cpu; got {str(spec)!r}")
    kind, number = _KINDS[match[1]], match[2]
    if kind == DeviceType.CPU:
        return kind, -1, -1
    if kind == DeviceType.DLA:
        return kind, 0, int(number or 0)
    unnumbered = torch.cuda.current_device() if torch.cuda.is_available() else 0
    return kind, unnumbered if number is None else int(number), -1


def _current() -> tuple[DeviceType, int, int]:
    if provider().device == "cpu":
        return DeviceType.CPU, -1, -1
    return DeviceType.GPU, torch.cuda.current_device() if torch.cuda.is_available() else 0, -1
