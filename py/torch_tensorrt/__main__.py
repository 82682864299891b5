"""`python -m torch_tensorrt`: which versions and which engine library are in use, and what they can do."""

import argparse
import importlib
import platform
from typing import Any

import torch

from torch_tensorrt._features import ENABLED_FEATURES
from torch_tensorrt._provider import provider
from torch_tensorrt._version import __cuda_version__, __version__


def facts() -> dict[str, str]:
    """Label -> value, in the order they are printed."""
    tensorrt: Any = importlib.import_module("tensorrt")
    found = provider()
    features = [name for name, on in ENABLED_FEATURES._asdict().items() if on]
    return {
        "torch_tensorrt": __version__,
        "torch": f"{torch.__version__} (CUDA {__cuda_version__ or 'none'})",
        "python": platform.python_version(),
        "bindings": f"tensorrt {tensorrt.__version__}",
        "provider": f"{found.name} {found.version} on {found.device}",
        "library": found.path,
        "reason": found.reason,
        "features": ", ".join(features),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m torch_tensorrt",
        description="Prints which versions and which engine library are in use, and what they can do.",
        epilog="TORCHTRT_PROVIDER=auto|nvidia|embedded chooses the library, "
        "TORCHTRT_EMBEDDED_DEVICE=cpu|cuda where the embedded one runs.",
    )
    parser.add_argument("--version", action="store_true", help="print the version of torch_tensorrt only")
    parser.add_argument("--provider", action="store_true", help="print the engine library in use only")
    options = parser.parse_args(arguments)
    if options.version:
        print(__version__)
    elif options.provider:
        print(provider())
    else:
        for label, value in facts().items():
            print(f"{label:<16}{value}")


if __name__ == "__main__":
    main()
