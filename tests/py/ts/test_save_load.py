"""Compiled modules are TorchScript files: a new process loads and runs them."""

import subprocess
import sys
from pathlib import Path

import torch

from tests.py.ts.harness import compiled, inputs_of
from tests.py.ts.models import MLP
from tests.py.ts.test_fallback import Holed

_RUN = """
import sys, torch, torch_tensorrt
module, x, expected = torch.jit.load(sys.argv[1]), *torch.load(sys.argv[2])
torch.testing.assert_close(module(x), expected)
print("same")
"""


def run_in_new_process(module: torch.jit.ScriptModule, x: torch.Tensor, folder: Path) -> None:
    torch.jit.save(module, str(folder / "module.ts"))
    torch.save((x, module(x)), folder / "data.pt")
    command = [sys.executable, "-c", _RUN, str(folder / "module.ts"), str(folder / "data.pt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "same", done.stderr


def test_one_engine(tmp_path: Path) -> None:
    x = torch.randn(2, 16)
    module = compiled(torch.jit.script(MLP().eval()), inputs_of(x), require_full_compilation=True)
    run_in_new_process(module, x, tmp_path)


def test_engines_and_pytorch(tmp_path: Path) -> None:
    x = torch.randn(3, 4)
    module = compiled(torch.jit.script(Holed().eval()), inputs_of(x), min_block_size=1)
    run_in_new_process(module, x, tmp_path)
