"""What `import torch_tensorrt` does, costs and leaves alone; the module `tensorrt`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from torch_tensorrt import _backends

from tests.py.provider_libraries import run_python

INSTALLED = pytest.mark.skipif(
    not _backends._has_entry_points(),
    reason="a package that is not installed registers its backends at import",
)


def facts(code: str, **kwargs: Any) -> dict[str, Any]:
    """Runs code that fills `facts`; the interpreter must print nothing else."""
    result = run_python(f"import json\nfacts = {{}}\n{code}\nprint(json.dumps(facts))", **kwargs)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@INSTALLED
def test_import_prints_nothing_and_leaves_logging_and_warnings_alone() -> None:
    found = facts("""
import logging, warnings, torch
def state():
    root = logging.getLogger()
    return [len(root.handlers), root.level, logging.getLevelName("WARNING"), list(map(str, warnings.filters)),
            warnings.showwarning.__module__, logging._warnings_showwarning is None]
before = state()
import torch_tensorrt
facts["same"] = before == state()
facts["handlers"] = len(logging.getLogger("torch_tensorrt").handlers)
facts["level"] = logging.getLogger("torch_tensorrt").level
""")
    assert found == {"same": True, "handlers": 0, "level": 0}


@INSTALLED
def test_import_takes_at_most_half_a_second_above_torch() -> None:
    code = """
import time, torch
start = time.perf_counter()
import torch_tensorrt
facts["seconds"] = time.perf_counter() - start
"""
    assert min(facts(code)["seconds"] for _ in range(3)) <= 0.5


@INSTALLED
def test_front_ends_load_on_first_use() -> None:
    found = facts("""
import sys, torch_tensorrt
heavy = ("torch._dynamo", "torch._inductor", "torch_tensorrt.ts", "torch_tensorrt.dynamo")
heavy = [name for name in sys.modules if name.startswith(heavy)]
facts["heavy"] = heavy
facts["listed"] = {"dynamo", "runtime", "ts", "TorchTensorRTModule"} <= set(dir(torch_tensorrt))
""")
    assert found == {"heavy": [], "listed": True}


@pytest.mark.parametrize("first", ["import torch_tensorrt", "import torch._dynamo, torch_tensorrt", ""])
def test_torch_finds_the_backends(first: str) -> None:
    if not first and not _backends._has_entry_points():
        pytest.skip("torch_tensorrt is not installed: torch finds its entry points only then")
    found = run_python(f"""
import torch
{first}
from torch._dynamo.backends.registry import list_backends, lookup_backend
for name in ("torch_tensorrt", "tensorrt", "aot_torch_tensorrt_aten"):
    assert name in list_backends(exclude_tags=())
    print(lookup_backend(name).__name__)
""")
    expected = ["torch_tensorrt_backend", "torch_tensorrt_backend", "aot_torch_tensorrt_aten_backend"]
    assert found.stdout.split() == expected, found.stderr


def test_unknown_attribute() -> None:
    import torch_tensorrt

    with pytest.raises(AttributeError, match="has no attribute 'compil'"):
        torch_tensorrt.compil  # noqa: B018


def test_tensorrt_is_the_bindings_under_the_usual_name() -> None:
    found = facts("""
import torch_tensorrt, tensorrt, tensorrt.tensorrt, tensorrt_bindings, importlib.util
facts["objects"] = [getattr(tensorrt, n) is getattr(tensorrt_bindings, n) for n in ("Builder", "DataType")]
facts["submodule"] = tensorrt.tensorrt is tensorrt_bindings.tensorrt
facts["spec"] = [tensorrt.__spec__.name, tensorrt_bindings.tensorrt.__spec__.name]
facts["found"] = importlib.util.find_spec("tensorrt") is not None
facts["absent"] = importlib.util.find_spec("tensorrt.no_such_module") is None
facts["version"] = tensorrt.__version__ == tensorrt_bindings.__version__
facts["unpatched"] = hasattr(tensorrt_bindings, "_package_name")
facts["package"] = [tensorrt._package_name, torch_tensorrt.tensorrt_package_name]
""")
    assert found == {
        "objects": [True, True],
        "submodule": True,
        "spec": ["tensorrt", "tensorrt_bindings.tensorrt"],
        "found": True,
        "absent": True,
        "version": True,
        "unpatched": False,
        "package": ["tensorrt", "tensorrt"],
    }


def test_tensorrt_may_be_imported_first() -> None:
    found = facts(
        """
import tensorrt as trt
import sys, torch_tensorrt, tensorrt_bindings
facts["one"] = trt is sys.modules["tensorrt"] and trt.Builder is tensorrt_bindings.Builder
facts["provider"] = torch_tensorrt.provider().name
""",
        env={"TORCHTRT_PROVIDER": "embedded"},
    )
    assert found == {"one": True, "provider": "embedded"}


def test_a_submodule_of_tensorrt_is_run_once() -> None:
    code = """
import torch_tensorrt, tensorrt.plugin, tensorrt_bindings.plugin
facts = tensorrt.plugin is tensorrt_bindings.plugin
from tensorrt.plugin import TensorDesc
from tensorrt.plugin._tensor import TensorDesc as deeper
print(facts, TensorDesc is tensorrt_bindings.plugin.TensorDesc, deeper is TensorDesc)
"""
    assert run_python(code).stdout.splitlines()[-1] == "True True True"  # the module itself prints a warning


def test_the_meta_package_is_used_where_it_is_installed(tmp_path: Path) -> None:
    package = tmp_path / "tensorrt"
    package.mkdir()
    (package / "__init__.py").write_text("from tensorrt_bindings import *\nmeta = True\n")
    code = "import torch_tensorrt, tensorrt\nfacts['meta'] = tensorrt.meta"
    assert facts(code, path=str(tmp_path)) == {"meta": True}


def test_the_meta_package_is_used_behind_ours_on_the_path(tmp_path: Path) -> None:
    package = tmp_path / "tensorrt"
    package.mkdir()
    (package / "__init__.py").write_text("from tensorrt_bindings import *\nmeta = True\n")
    for order in ("torch_tensorrt, tensorrt", "tensorrt, torch_tensorrt"):
        code = (
            f"import sys; sys.path.append({str(tmp_path)!r})\nimport {order}\nfacts['meta'] = tensorrt.meta"
        )
        assert facts(code) == {"meta": True}


def test_nvidias_libraries_stay_out_where_the_embedded_engine_runs(tmp_path: Path) -> None:
    package = tmp_path / "tensorrt_libs"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('tensorrt_libs was imported')\n")
    code = "import sys, torch_tensorrt\nfacts['clean'] = 'tensorrt_libs' not in sys.modules"
    assert facts(code, path=str(tmp_path), env={"TORCHTRT_PROVIDER": "embedded"}) == {"clean": True}


def test_bindings_of_another_major_are_named(tmp_path: Path) -> None:
    (tmp_path / "tensorrt_bindings").mkdir()
    (tmp_path / "tensorrt_bindings" / "__init__.py").write_text("")
    info = tmp_path / "tensorrt_cu13_bindings-12.2.0.3.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("tensorrt_bindings/__init__.py,,\n")
    result = run_python("import torch_tensorrt", path=str(tmp_path))
    assert result.returncode != 0
    found = re.search(r"are version 12, this build of torch_tensorrt is for 10( and 11)?\n", result.stderr)
    assert found, result.stderr
    newest = 11 if found[1] else 10
    assert f"pip install 'tensorrt-cu13-bindings=={newest}.*'" in result.stderr


def test_missing_bindings_are_an_import_error_with_the_cure() -> None:
    found = run_python("""
import sys
sys.modules["tensorrt_bindings"] = sys.modules["tensorrt"] = None
try:
    import torch_tensorrt
except ImportError as error:
    print(type(error).__name__, error)
""")
    assert found.stdout.startswith("ProviderError TensorRT's Python bindings are not installed"), found.stderr
    assert "pip install 'tensorrt-cu13-bindings==10.*'" in found.stdout


def test_bindings_that_cannot_be_imported_are_named(tmp_path: Path) -> None:
    (tmp_path / "tensorrt_bindings").mkdir()
    (tmp_path / "tensorrt_bindings" / "__init__.py").write_text(
        "raise ImportError('built for another Python')\n"
    )
    result = run_python("import torch_tensorrt", path=str(tmp_path))
    assert "cannot be imported: built for another Python" in result.stderr
    assert "--force-reinstall" in result.stderr


def test_bindings_imported_first_are_adopted_with_their_library() -> None:
    found = facts("""
import ctypes
import torch  # the embedded engine finds torch's libraries beside it
import importlib.util
from pathlib import Path
from typing import Any
package = Path(importlib.util.find_spec("torch_tensorrt").submodule_search_locations[0])
for name in ("nvinfer", "nvinfer_plugin", "nvonnxparser"):
    ctypes.CDLL(str(package / "lib" / "embedded" / "10" / f"lib{name}.so.10"), ctypes.RTLD_GLOBAL)
import tensorrt_bindings
import torch_tensorrt
facts["provider"] = [torch_tensorrt.provider().name, torch_tensorrt.provider().reason]
import tensorrt
facts["same"] = tensorrt.Builder is tensorrt_bindings.Builder
""")
    assert found == {
        "provider": ["embedded", "already loaded when torch_tensorrt was imported"],
        "same": True,
    }


@pytest.mark.parametrize("option", [[], ["--version"], ["--provider"]])
def test_command_line(option: list, capsys: pytest.CaptureFixture) -> None:  # type: ignore[type-arg]
    import torch_tensorrt
    from torch_tensorrt.__main__ import main

    main(option)
    printed = capsys.readouterr().out
    if option != ["--version"]:
        assert torch_tensorrt.provider().path in printed
    if option != ["--provider"]:
        assert torch_tensorrt.__version__ in printed


def test_command_line_as_a_module() -> None:
    result = run_python(
        "import runpy, sys; sys.argv = ['x']; runpy.run_module('torch_tensorrt', run_name='__main__')"
    )
    assert result.returncode == 0 and "provider" in result.stdout, result.stderr
