"""Libraries for tests of the provider: three files that export what TensorRT's do, and do nothing."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import torch_tensorrt

PACKAGE = Path(torch_tensorrt.__file__).parent

SYMBOLS = {
    "nvinfer": {
        "getInferLibVersion": "return 101601;",
        "getInferLibBuildVersion": "return 7;",
        "createInferBuilder_INTERNAL": "return 0;",
        "createInferRuntime_INTERNAL": "return 0;",
        "createInferRefitter_INTERNAL": "return 0;",
        "getPluginRegistry": "return 0;",
        "getBuilderPluginRegistry": "return 0;",
    },
    "nvinfer_plugin": {"initLibNvInferPlugins": "return 1;"},
    "nvonnxparser": {
        "createNvOnnxParser_INTERNAL": "return 0;",
        "createNvOnnxParserRefitter_INTERNAL": "return 0;",
        "getNvOnnxParserVersion": "return 100;",
    },
}


def build_libraries(folder: Path, *, version: int = 101601, without: str = "") -> Path:
    """libnvinfer.so.10 and its companions in `folder`; `without`: a symbol or a library to leave out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, functions in SYMBOLS.items():
        if name == without:
            continue
        bodies = {symbol: body for symbol, body in functions.items() if symbol != without}
        if "getInferLibVersion" in bodies:
            bodies["getInferLibVersion"] = f"return {version};"
        source = folder / f"{name}.c"
        source.write_text("\n".join(f"long {symbol}(void) {{ {body} }}" for symbol, body in bodies.items()))
        soname = f"lib{name}.so.10"
        command = [compiler(), "-shared", "-fPIC", f"-Wl,-soname,{soname}", "-o", folder / soname, source]
        subprocess.run(command, check=True)
    return folder


def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    assert found, "these tests build small libraries: a C compiler is needed"
    return found


def run_python(
    code: str, *, env: dict[str, str] | None = None, path: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Runs code in a fresh interpreter that finds this very package; `path` comes before everything."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("TORCHTRT_")}
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, [path, str(PACKAGE.parent)]))
    variables["OMP_NUM_THREADS"] = "1"
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**variables, **(env or {})},
        capture_output=True,
        text=True,
    )


ZYGOTE = f"""
import contextlib, io, json, os, sys, types
import torch
package = types.ModuleType("torch_tensorrt")  # __init__, which loads the real provider, does not run
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["torch_tensorrt"] = package
import torch_tensorrt._C as C
for line in sys.stdin:
    sys.stdout.flush()
    if os.fork() == 0:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            try:
                exec(json.loads(line))
            except Exception as error:
                print(f"{{type(error).__name__}}: {{error}}")
        print(json.dumps(out.getvalue()), flush=True)
        os._exit(0)
    os.wait()
"""


class Zygote:
    """A process with `C` (torch_tensorrt._C) and no provider yet; each program runs in a fork of it."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, "-c", ZYGOTE], stdin=pipe, stdout=pipe, text=True)

    def run(self, code: str) -> str:
        """What the code prints, or the exception it ends with."""
        assert self._process.stdin and self._process.stdout
        print(json.dumps(textwrap.dedent(code)), file=self._process.stdin, flush=True)
        printed: str = json.loads(self._process.stdout.readline())
        return printed.strip()

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
