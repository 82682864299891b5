"""Engine tests speak to the embedded engine through NVIDIA's bindings, whatever the machine has installed."""

import os

os.environ.setdefault("TORCHTRT_PROVIDER", "embedded")

import torch_tensorrt  # noqa: F401  (loads the engine's libraries, then `import tensorrt` works)
