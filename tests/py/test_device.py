"""Device: spellings, defaults and the serialised form."""

import pickle
from typing import Any

import pytest
import torch
from torch_tensorrt import Device, DeviceType, provider
from torch_tensorrt._errors import InputError

CPU_ONLY = pytest.mark.skipif(provider().device != "cpu", reason="engines run on CUDA here")


def facts(device: Device) -> Any:
    return device.device_type, device.gpu_id, device.dla_core, device.allow_gpu_fallback


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        (Device("gpu:1"), (DeviceType.GPU, 1, -1, False)),
        (Device("cuda:1"), (DeviceType.GPU, 1, -1, False)),
        (Device("CUDA:0"), (DeviceType.GPU, 0, -1, False)),
        (Device("dla:0"), (DeviceType.DLA, 0, 0, False)),
        (Device("dla:1", allow_gpu_fallback=True), (DeviceType.DLA, 0, 1, True)),
        (Device("cpu"), (DeviceType.CPU, -1, -1, False)),
        (Device(torch.device("cuda", 2)), (DeviceType.GPU, 2, -1, False)),
        (Device(torch.device("cpu")), (DeviceType.CPU, -1, -1, False)),
        (Device(gpu_id=3), (DeviceType.GPU, 3, -1, False)),
        (Device(gpu_id=1, allow_gpu_fallback=True), (DeviceType.GPU, 1, -1, True)),
        (Device(dla_core=1), (DeviceType.DLA, 0, 1, False)),
        (Device(gpu_id=2, dla_core=1), (DeviceType.DLA, 2, 1, False)),
    ],
)
def test_spellings(device: Device, expected: Any) -> None:
    assert facts(device) == expected


@pytest.mark.parametrize("text", ["tpu:0", "gpu:x", "gpu:-1", "cuda:", "", "cuda:0:1", "xpu"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="a device is written gpu:N, cuda:N, dla:N or cpu"):
        Device(text)


@pytest.mark.parametrize(
    ("args", "kwargs", "why"),
    [
        (("gpu:0",), {"gpu_id": 0}, "not both"),
        (("gpu:0", "gpu:1"), {}, "one positional argument"),
        ((), {"gpu": 0}, "has no keyword gpu"),
        ((), {"gpu_id": -1}, "gpu_id is a number from 0"),
        ((), {"gpu_id": "0"}, "gpu_id is a number from 0"),
        ((), {"dla_core": True}, "dla_core is a number from 0"),
    ],
)
def test_wrong_arguments(args: Any, kwargs: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Device(*args, **kwargs)


@CPU_ONLY
def test_without_cuda_the_current_device_is_the_cpu() -> None:
    for device in (Device(), Device._current_device(), Device._from(None)):
        assert device.device_type is DeviceType.CPU
        assert device.to(torch.device) == torch.device("cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_with_cuda_the_current_device_is_torchs() -> None:
    assert Device._current_device().to(torch.device) == torch.device("cuda", torch.cuda.current_device())


def test_conversions() -> None:
    device = Device("gpu:1")
    assert Device._from(device) is device
    assert Device._from("gpu:1") == Device._from(torch.device("cuda:1")) == device
    assert Device._from_torch_device(torch.device("cuda:1")) == device
    assert device.to(torch.device) == torch.device("cuda:1")
    assert Device("cpu").to(torch.device) == torch.device("cpu")
    with pytest.raises(InputError, match="becomes a torch.device"):
        device.to(str)


def test_devices_are_values() -> None:
    assert (
        Device("gpu:1") == Device(gpu_id=1) and Device("gpu:1") != Device("gpu:0") and Device("cpu") != "cpu"
    )
    assert len({Device("gpu:1"), Device(gpu_id=1), Device("cpu")}) == 2
    assert pickle.loads(pickle.dumps(Device("dla:1"))) == Device("dla:1")


@CPU_ONLY
@pytest.mark.parametrize(
    ("spelling", "text"), [("cpu", "-1%0%0%2%CPU"), ("gpu:1", "1%0%0%0%CUDA"), ("dla:1", "0%0%0%1%CUDA")]
)
def test_serialised_form(spelling: str, text: str) -> None:
    assert Device(spelling)._to_serialized_rt_device() == text


def test_text() -> None:
    assert str(Device("cpu")) == "Device(type=CPU)" and repr(Device("gpu:1")) == "Device(type=GPU, gpu_id=1)"
    assert str(Device("dla:1")) == "Device(type=DLA, gpu_id=0, dla_core=1, allow_gpu_fallback=False)"
