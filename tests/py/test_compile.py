"""The entry functions: which front end gets which module, and what is refused."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch_tensorrt
from torch_tensorrt import _compile
from torch_tensorrt._errors import InputConflictError, InputError


class Model(torch.nn.Module):
    def forward(self, x: torch.Tensor, scale: torch.Tensor | None = None) -> torch.Tensor:
        y = torch.relu(x) + 1
        return y if scale is None else y * scale


X = torch.linspace(-2, 2, 8)


def program() -> torch.export.ExportedProgram:
    return torch.export.export(Model(), (X,))


def scripted() -> torch.jit.ScriptModule:
    return torch.jit.trace(Model(), X)


@pytest.fixture
def front_ends(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Calls that reach a front end: (its name, module type, inputs, settings)."""
    calls: list[tuple[Any, ...]] = []

    def record(name: str) -> Callable[..., Any]:
        def call(module: Any, *args: Any, **settings: Any) -> Any:
            calls.append((name, type(module).__name__, args, settings))
            return name

        return call

    monkeypatch.setattr(_compile, "_compile_ts", record("ts"))
    monkeypatch.setattr(_compile, "_convert_ts", record("ts"))
    monkeypatch.setattr(_compile, "_compile_dynamo", record("dynamo"))
    monkeypatch.setattr(_compile, "_convert_dynamo", record("dynamo"))
    monkeypatch.setattr(_compile, "_torch_compile", record("torch_compile"))
    return calls


MODULES: dict[str, Callable[[], Any]] = {
    "nn": Model,
    "fx": lambda: torch.fx.symbolic_trace(torch.nn.ReLU()),
    "ep": program,
    "ts": scripted,
}


@pytest.mark.parametrize(
    ("kind", "ir", "front_end"),
    [
        ("nn", "default", "dynamo"),
        ("nn", "dynamo", "dynamo"),
        ("fx", "default", "dynamo"),
        ("ep", "default", "dynamo"),
        ("ep", "dynamo", "dynamo"),
        ("nn", "torch_compile", "torch_compile"),
        ("nn", "ts", "ts"),
        ("nn", "torchscript", "ts"),
        ("ts", "ts", "ts"),
    ],
)
def test_dispatch(kind: str, ir: str, front_end: str, front_ends: list[Any]) -> None:
    assert torch_tensorrt.compile(MODULES[kind](), ir=ir, inputs=[X]) == front_end
    if front_end != "torch_compile":
        assert torch_tensorrt.convert_method_to_trt_engine(MODULES[kind](), ir=ir, inputs=[X]) == front_end


def test_torchscript_without_ir_warns_and_goes_to_its_front_end(front_ends: list[Any]) -> None:
    with pytest.warns(UserWarning, match="The module is TorchScript and ir was not given"):
        assert torch_tensorrt.compile(scripted(), inputs=[X]) == "ts"
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        torch_tensorrt.compile(MODULES["ts"](), ir="ts", inputs=[X])


def test_python_modules_are_scripted_for_torchscript(front_ends: list[Any]) -> None:
    torch_tensorrt.compile(Model(), ir="ts", inputs=[X], min_block_size=1)
    assert front_ends == [("ts", "RecursiveScriptModule", ([X],), {"min_block_size": 1})]


@pytest.mark.parametrize(
    ("kind", "ir", "why"),
    [
        ("ts", "dynamo", "its Python source is gone"),
        ("ts", "torch_compile", "its Python source is gone"),
        ("ep", "ts", "cannot compile a torch.export.ExportedProgram"),
        ("ep", "torch_compile", "cannot compile a torch.export.ExportedProgram"),
        ("nn", "onnx", "ir is one of default, dynamo"),
    ],
)
def test_combinations_that_cannot_be(kind: str, ir: str, why: str) -> None:
    for entry in (torch_tensorrt.compile, torch_tensorrt.convert_method_to_trt_engine):
        with pytest.raises(InputError, match=why):
            entry(MODULES[kind](), ir=ir, inputs=[X])


@pytest.mark.parametrize("module", [lambda x: x, None, "model", Model])
def test_what_is_no_module(module: Any) -> None:
    with pytest.raises(InputError, match="a module to compile is"):
        torch_tensorrt.compile(module, inputs=[X])


def test_inputs_and_arg_inputs_exclude_one_another() -> None:
    for entry in (torch_tensorrt.compile, torch_tensorrt.convert_method_to_trt_engine):
        with pytest.raises(InputConflictError, match="two names for one argument"):
            entry(Model(), inputs=[X], arg_inputs=[X])


def test_inputs_are_needed() -> None:
    with pytest.raises(InputConflictError, match="no inputs were given"):
        torch_tensorrt.compile(Model())


def test_torchscript_takes_no_kwarg_inputs() -> None:
    with pytest.raises(InputError, match="takes no kwarg_inputs"):
        torch_tensorrt.compile(scripted(), ir="ts", inputs=[X], kwarg_inputs={"scale": X})


def test_precisions_are_handed_on_only_where_they_were_given(front_ends: list[Any]) -> None:
    torch_tensorrt.compile(Model(), inputs=[X])
    torch_tensorrt.compile(Model(), inputs=[X], enabled_precisions={torch.half})
    settings = [call[2][-1] for call in front_ends]
    assert settings == [{}, {"enabled_precisions": {torch.half}}]


def test_what_is_not_built_says_so() -> None:
    with pytest.raises(NotImplementedError, match="needs the fx front end"):
        torch_tensorrt.compile(Model(), ir="fx", inputs=[X])
    with pytest.raises(NotImplementedError, match="needs cross-compilation for Windows"):
        torch_tensorrt.cross_compile_for_windows(Model(), "model.ep", inputs=[X])
    with pytest.raises(NotImplementedError, match="needs cross-compilation for Windows"):
        torch_tensorrt.load_cross_compiled_exported_program("model.ep")


def test_single_engines_of_dynamo_are_of_forward() -> None:
    with pytest.raises(InputError, match="method_name='encode'"):
        torch_tensorrt.convert_method_to_trt_engine(Model(), "encode", inputs=[X])
    with pytest.raises(InputError, match="makes no single engine"):
        torch_tensorrt.convert_method_to_trt_engine(Model(), inputs=[X], ir="torch_compile")


@pytest.mark.parametrize("kind", ["nn", "ep"])
@pytest.mark.parametrize("name", ["inputs", "arg_inputs"])
def test_compiled_modules_compute_what_the_model_does(kind: str, name: str) -> None:
    compiled = torch_tensorrt.compile(MODULES[kind](), **{name: [X]}, min_block_size=1)
    torch.testing.assert_close(compiled(X), Model()(X))
    assert any("_run_on_acc" in name for name, _ in compiled.named_children())


def test_keyword_inputs() -> None:
    by_both = torch_tensorrt.compile(Model(), inputs=[X], kwarg_inputs={"scale": X}, min_block_size=1)
    torch.testing.assert_close(by_both(X, scale=X), Model()(X, X))
    by_keyword = torch_tensorrt.compile(Model(), kwarg_inputs={"x": X, "scale": X}, min_block_size=1)
    torch.testing.assert_close(by_keyword(x=X, scale=X), Model()(X, X))


def test_torch_compile() -> None:
    compiled = torch_tensorrt.compile(Model(), ir="torch_compile", inputs=[X], min_block_size=1)
    torch.testing.assert_close(compiled(X), Model()(X))


def test_a_method_as_one_engine() -> None:
    engine = torch_tensorrt.convert_method_to_trt_engine(Model(), inputs=[X])
    assert isinstance(engine, bytes) and len(engine) > 0
