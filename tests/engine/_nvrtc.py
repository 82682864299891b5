"""CUDA C++ to PTX by the NVRTC that PyTorch brings, through ctypes."""

import ctypes
from pathlib import Path

import torch


def _library() -> ctypes.CDLL:
    major = (torch.version.cuda or "0").split(".")[0]
    name = f"libnvrtc.so.{major}"
    packages = Path(torch.__file__).parents[1] / "nvidia"
    found = list(packages.glob(f"*/lib/{name}"))
    return ctypes.CDLL(str(found[0]) if found else name)


def ptx_of(source: str) -> str:
    """For compute capability 8.0, which newer devices take too. Raises OSError where there is no NVRTC."""
    nvrtc, program = _library(), ctypes.c_void_p()

    def call(name: str, *arguments: object) -> None:
        status = getattr(nvrtc, name)(*arguments)
        assert status == 0, f"{name}: {status}\n{source}"

    call("nvrtcCreateProgram", ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None)
    options = (ctypes.c_char_p * 1)(b"--gpu-architecture=compute_80")
    call("nvrtcCompileProgram", program, 1, options)
    size = ctypes.c_size_t()
    call("nvrtcGetPTXSize", program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    call("nvrtcGetPTX", program, text)
    call("nvrtcDestroyProgram", ctypes.byref(program))
    return text.value.decode()
