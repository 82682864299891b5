"""`import tensorrt` before `import torch_tensorrt`, where NVIDIA's own `tensorrt` package is not installed.

A package folder `tensorrt` wins over this file, so it never hides one beside it; one elsewhere on the path is
taken by torch_tensorrt._provider.
"""

import sys

del sys.modules[__name__]  # torch_tensorrt puts the real one there
import torch_tensorrt  # noqa: E402, F401
