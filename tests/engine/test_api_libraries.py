"""Plugin registry, plugin and ONNX libraries, versions, and what the libraries export."""

import ctypes
import json
import subprocess
from pathlib import Path

import pytest
import tensorrt as trt
import torch_tensorrt

from tests.engine._session import MAJOR, Session

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads((ROOT / "third_party" / "tensorrt" / f"abi-{MAJOR}.json").read_text())
FOLDER = Path(torch_tensorrt.provider().path).parent


class Creator(trt.IPluginCreatorV3One):
    def __init__(self, name: str) -> None:
        trt.IPluginCreatorV3One.__init__(self)
        self.name = name
        self.plugin_version = "1"
        self.plugin_namespace = "tests"
        self.field_names = trt.PluginFieldCollection([])


def test_creators_are_registered_once_and_found() -> None:
    registry = trt.get_plugin_registry()
    creator = Creator("Twice")
    before = len(registry.all_creators)
    assert registry.register_creator(creator, "tests")
    assert not registry.register_creator(creator, "tests")
    assert registry.get_creator("Twice", "1", "tests") is not None
    assert registry.get_creator("Twice", "2", "tests") is None
    assert len(registry.all_creators) == before + 1
    builders = Session().builder.get_plugin_registry()
    assert builders.get_creator("Twice", "1", "tests") is not None
    builders.parent_search_enabled = False
    assert builders.get_creator("Twice", "1", "tests") is None
    assert registry.deregister_creator(creator)
    assert not registry.deregister_creator(creator)
    assert registry.get_creator("Twice", "1", "tests") is None


def test_a_library_that_is_not_there_is_refused() -> None:
    assert trt.get_plugin_registry().load_library("/nonexistent/libplugin.so") is None


def test_plugin_library_initialises() -> None:
    assert trt.init_libnvinfer_plugins(trt.Logger(), "")


def test_onnx_parser_fails_with_one_clear_error() -> None:
    session = Session()
    parser = trt.OnnxParser(session.network, session.logger)
    assert not parser.parse(b"not a model")
    assert parser.num_errors == 1
    assert "ONNX models are not supported" in parser.get_error(0).desc()
    assert "ONNX models are not supported" in session.logger.last_error()
    assert parser.get_flag(trt.OnnxParserFlag.NATIVE_INSTANCENORM)
    parser.clear_errors()
    assert parser.num_errors == 0


@pytest.mark.parametrize("library", ["libnvinfer", "libnvinfer_plugin", "libnvonnxparser"])
def test_libraries_export_the_functions_of_the_table(library: str) -> None:
    path = FOLDER / f"{library}.so.{MAJOR}"
    wanted = {
        name.rpartition("::")[2] for name, entry in TABLE["functions"].items() if entry["library"] == library
    }
    loaded = ctypes.CDLL(str(path))
    assert all(hasattr(loaded, name) for name in wanted)


def test_nothing_of_the_engine_itself_is_exported() -> None:
    command = ["nm", "-D", "--defined-only", "-C", str(FOLDER / f"libnvinfer.so.{MAJOR}")]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("needs nm of binutils")
    own = [line for line in listed.splitlines() if line.partition(" ")[2][2:].startswith("torchtrt::")]
    assert own == []


def test_versions() -> None:
    library = ctypes.CDLL(str(FOLDER / f"libnvinfer.so.{MAJOR}"))
    macros = TABLE["macros"]
    assert library.getInferLibMajorVersion() == macros["NV_TENSORRT_MAJOR"] == MAJOR
    assert library.getInferLibMinorVersion() == macros["NV_TENSORRT_MINOR"]
    assert (
        library.getInferLibVersion()
        == 10000 * macros["NV_TENSORRT_MAJOR"] + 100 * macros["NV_TENSORRT_MINOR"]
    )


def test_another_major_version_is_refused() -> None:
    library = ctypes.CDLL(str(FOLDER / f"libnvinfer.so.{MAJOR}"))
    create = library.createInferBuilder_INTERNAL
    create.restype = ctypes.c_void_p
    assert create(None, 101600 if MAJOR > 10 else 110100) is None
