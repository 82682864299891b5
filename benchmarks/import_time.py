"""What `import torch_tensorrt` costs above `import torch`: fresh processes, interleaved, medians.

python benchmarks/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys

TORCH = "import time; t = time.perf_counter(); import torch; print(time.perf_counter() - t)"
OURS = "import torch, time; t = time.perf_counter(); import torch_tensorrt; print(time.perf_counter() - t)"


def seconds(code: str) -> float:
    """Runs `code` in a new process; it prints seconds and nothing else."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if done.stderr:
        raise SystemExit(f"the import wrote to stderr:\n{done.stderr}")
    return float(done.stdout)


def main(rounds: int = 7) -> None:
    samples = [(seconds(TORCH), seconds(OURS)) for _ in range(rounds + 1)][1:]  # the first one fills caches
    torch_s, ours_s = (statistics.median(column) for column in zip(*samples, strict=True))
    print(f"import torch           {torch_s:7.3f} s")
    print(f"import torch_tensorrt  {ours_s:7.3f} s on top   (ratio {ours_s / torch_s:.2f}; limit 0.5 s)")


if __name__ == "__main__":
    main()
