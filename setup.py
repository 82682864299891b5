"""Builds the C++ parts with CMake and packages them; the metadata is in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel
from wheel.bdist_wheel import bdist_wheel

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "py" / "torch_tensorrt"
VERSION = "0.1.0"

# Versions of the TensorRT interface that the wheel has libraries for.
MAJORS = os.environ.get("TORCHTRT_TENSORRT_MAJORS", "10;11").split(";")


def bindings_requirement() -> str:
    """NVIDIA's bindings: libraries for version N serve every one of its releases,
    of 10 those from 10.13.2 on."""
    return f"tensorrt-cu13-bindings>=10.13.2,<{max(map(int, MAJORS)) + 1}"


def torch_requirement() -> str:
    """The torch release the libraries are built against: its C++ interface holds for one minor release."""
    import torch

    major, minor = torch.__version__.split(".")[:2]
    return f"torch=={major}.{minor}.*"


def configured_for_us(build: Path) -> bool:
    """Whether a build folder (that of `make build`) was configured with this very Python."""
    cache = build / "CMakeCache.txt"
    wanted = f"Python3_EXECUTABLE:UNINITIALIZED={sys.executable}"
    return cache.is_file() and wanted in cache.read_text().splitlines()


def build_native() -> Path:
    """Configures where nothing was yet, builds, and answers the folder with the finished libraries."""
    build = ROOT / "build" / "cmake"
    cmake = shutil.which("cmake")
    if cmake is None:
        raise SystemExit("cmake (3.24 or newer) is needed to build torch_tensorrt and was not found on PATH")
    if not configured_for_us(build):
        build = ROOT / "build" / f"cmake-wheel-{sys.implementation.cache_tag}"
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        arguments = [
            f"-DPython3_EXECUTABLE={sys.executable}",
            "-DTORCHTRT_BUILD_TESTS=OFF",
            "-DTORCHTRT_WERROR=OFF",
        ]
        extra = os.environ.get("TORCHTRT_CMAKE_ARGS", "").split()
        subprocess.check_call([cmake, "-S", ROOT, "-B", build, *generator, *arguments, *extra])
    subprocess.check_call([cmake, "-S", ROOT, "-B", build, f"-DTORCHTRT_TENSORRT_MAJORS={';'.join(MAJORS)}"])
    jobs = os.environ.get("TORCHTRT_JOBS") or str(os.cpu_count() or 1)
    subprocess.check_call([cmake, "--build", build, "--parallel", jobs, "--target", "packaged"])
    return build / "stage"


class BuildWithNative(build_py):
    """build_py that also builds and takes along the C++ parts;
    an editable install leaves that to tools/build.sh."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree(build_native(), Path(self.build_lib) / "torch_tensorrt", dirs_exist_ok=True)


class EditableWithNative(editable_wheel):
    """Editable installs: the C++ parts must be in the source package before the first import."""

    def run(self) -> None:
        if not any(PACKAGE.glob("_C*.so")):
            subprocess.check_call([ROOT / "tools" / "build.sh"], env={**os.environ, "PYTHON": sys.executable})
        super().run()


class PlatformWheel(bdist_wheel):
    """The wheel holds compiled code although setuptools knows of no extension module."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False


class NativeDistribution(Distribution):
    """Makes setuptools choose platform folders."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    version=VERSION,
    install_requires=[torch_requirement(), bindings_requirement(), "filelock"],
    distclass=NativeDistribution,
    cmdclass={
        "build_py": BuildWithNative,
        "editable_wheel": EditableWithNative,
        "bdist_wheel": PlatformWheel,
    },
)
