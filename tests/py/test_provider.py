"""Choice and loading of the library behind TensorRT's interface (core/provider, _provider.py)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch_tensorrt

from tests.py.provider_libraries import Zygote, build_libraries, run_python


class Machine:
    """Folders with libraries, and fresh processes that load them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.zygote = Zygote()

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def load(
        self,
        choice: str,
        *,
        nvidia: str | None = None,
        embedded: str = "embedded",
        cuda: bool = False,
        before: str = "",
    ) -> str:
        """`name|version|path|reason|problem`, or the error."""
        folders = [str(self.root / nvidia)] if nvidia else []
        place = str(self.root / embedded)
        return self.zygote.run(f"""
{before}
info = C.load_provider({folders!r}, choice={choice!r}, embedded_folder={place!r}, cuda_usable={cuda})
print(info.name, info.version, info.path, info.reason, info.problem, sep="|")
""")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    root = tmp_path_factory.mktemp("libraries")
    build_libraries(root / "nvidia")
    build_libraries(root / "embedded")
    build_libraries(root / "old", version=90300)
    build_libraries(root / "older", version=8601)
    build_libraries(root / "no_refitter", without="createInferRefitter_INTERNAL")
    build_libraries(root / "no_parser", without="nvonnxparser")
    (root / "empty").mkdir()
    machine = Machine(root)
    yield machine
    machine.zygote.close()


def resident(path: Path) -> str:
    return f"import ctypes; ctypes.CDLL({str(path / 'libnvinfer.so.10')!r}, ctypes.RTLD_GLOBAL)"


def test_auto_without_cuda_is_embedded(machine: Machine) -> None:
    name, version, path, reason, problem = machine.load("auto", nvidia="nvidia").split("|")
    assert (name, version, problem) == ("embedded", "10.16.1.7", "")
    assert path == str(machine / "embedded" / "libnvinfer.so.10")
    assert reason == "no CUDA device is usable"


def test_auto_with_cuda_takes_nvidias_library(machine: Machine) -> None:
    name, _, path, reason, _ = machine.load("auto", nvidia="nvidia", cuda=True).split("|")
    assert name == "nvidia" and "CUDA device is usable" in reason
    assert path == str(machine / "nvidia" / "libnvinfer.so.10")


def test_auto_with_cuda_without_nvidias_library_is_embedded(machine: Machine) -> None:
    name, _, _, reason, problem = machine.load("auto", cuda=True).split("|")
    assert name == "embedded" and "no libnvinfer.so.10 of NVIDIA's was found" in reason and problem == ""


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("old", "is TensorRT 9.3.0"),  # c2
        ("older", "is TensorRT 8.6.1"),  # c2
        ("no_refitter", "does not export createInferRefitter_INTERNAL"),  # c1
        ("no_parser", "libnvonnxparser.so.10"),
    ],
)
def test_a_broken_library_is_reported_by_auto_and_refused_on_request(
    machine: Machine, folder: str, why: str
) -> None:
    taken = machine.load("auto", nvidia=folder, cuda=True)
    assert taken.startswith("embedded|") and why in taken.split("|", 4)[4]
    refused = machine.load("nvidia", nvidia=folder, cuda=True)
    assert refused.startswith("EngineError: TORCHTRT_PROVIDER=nvidia") and why in refused


def test_a_requested_provider_is_never_replaced(machine: Machine) -> None:
    no_nvidia = machine.load("nvidia", nvidia="empty", cuda=True)
    assert no_nvidia.startswith("EngineError: TORCHTRT_PROVIDER=nvidia")
    assert "pip install tensorrt" in no_nvidia and str(machine / "empty") in no_nvidia
    no_embedded = machine.load("embedded", nvidia="nvidia", embedded="empty", cuda=True)
    assert no_embedded.startswith("EngineError: The embedded engine cannot be loaded")
    assert "Reinstall torch_tensorrt" in no_embedded


def test_nvidia_on_request_without_cuda_says_so(machine: Machine) -> None:
    assert "no CUDA device is usable" in machine.load("nvidia", nvidia="nvidia")


def test_auto_adopts_what_the_process_holds(machine: Machine) -> None:
    name, _, path, reason, _ = machine.load("auto", before=resident(machine / "nvidia")).split("|")
    assert name == "nvidia" and "already loaded" in reason and path.startswith(str(machine / "nvidia"))
    name, *_ = machine.load("auto", before=resident(machine / "embedded")).split("|")
    assert name == "embedded"


def test_a_resident_library_that_was_not_asked_for_is_an_error(machine: Machine) -> None:
    answer = machine.load("embedded", before=resident(machine / "nvidia"))
    assert answer.startswith("EngineError: TORCHTRT_PROVIDER=embedded, but this process already holds")
    assert "Import torch_tensorrt before tensorrt" in answer


def test_the_choice_is_made_once(machine: Machine) -> None:
    first = f"C.load_provider([], choice='embedded', embedded_folder={str(machine / 'embedded')!r})"
    assert machine.load("auto", before=first).startswith("embedded|")
    answer = machine.load("nvidia", nvidia="nvidia", before=first)
    assert answer.startswith("EngineError") and "once per process" in answer


def test_unknown_choice() -> None:
    result = run_python("import torch_tensorrt", env={"TORCHTRT_PROVIDER": "cuda"})
    assert result.returncode != 0 and "one of auto, nvidia, embedded; got 'cuda'" in result.stderr


def test_unknown_embedded_device() -> None:
    result = run_python("import torch_tensorrt", env={"TORCHTRT_EMBEDDED_DEVICE": "tpu"})
    assert result.returncode != 0 and "cpu or cuda, got 'tpu'" in result.stderr


def test_provider_describes_itself() -> None:
    found = torch_tensorrt.provider()
    assert found is torch_tensorrt.provider()
    assert found.name in ("nvidia", "embedded") and found.device in ("cpu", "cuda")
    assert Path(found.path).is_file() and found.version.startswith("10.") and found.reason
    assert all(
        fact in str(found) for fact in (found.name, found.version, found.path, found.device, found.reason)
    )


def test_embedded_device_of_the_environment() -> None:
    code = "import torch_tensorrt; print(torch_tensorrt.provider().device)"
    env = {"TORCHTRT_PROVIDER": "embedded", "TORCHTRT_EMBEDDED_DEVICE": "cuda"}
    assert run_python(code, env=env).stdout.strip() == "cuda"
