"""A logger, an error recorder and a network, for tests of the objects of the interface."""

from typing import Any

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device

MAJOR = int(trt.__version__.split(".")[0])
needs_version_10 = pytest.mark.skipif(MAJOR > 10, reason="TensorRT 11 removed this from its interface")
needs_weak_types = pytest.mark.skipif(MAJOR > 10, reason="TensorRT 11 has no weakly typed networks")
STRONG = 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


class Logger(trt.ILogger):
    """Keeps every line."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.lines: list[tuple[trt.ILogger.Severity, str]] = []

    def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
        self.lines.append((severity, msg))

    def errors(self) -> list[str]:
        return [text for severity, text in self.lines if severity <= trt.ILogger.ERROR]

    def warnings(self) -> list[str]:
        return [text for severity, text in self.lines if severity == trt.ILogger.WARNING]

    def last_error(self) -> str:
        """The only error since the last call."""
        found = self.errors()
        assert len(found) == 1, found
        self.lines.clear()
        return found[0]


class Recorder(trt.IErrorRecorder):
    """Keeps every error with its code."""

    def __init__(self) -> None:
        trt.IErrorRecorder.__init__(self)
        self.found: list[tuple[Any, str]] = []

    def clear(self) -> None:
        self.found.clear()

    def get_error_code(self, index: int) -> Any:
        return self.found[index][0]

    def get_error_desc(self, index: int) -> str:
        return self.found[index][1]

    def has_overflowed(self) -> bool:
        return False

    def num_errors(self) -> int:
        return len(self.found)

    def report_error(self, code: Any, text: str) -> bool:
        self.found.append((code, text))
        return False


class Monitor(trt.IProgressMonitor):
    """Keeps every call; cancels at a step."""

    def __init__(self, cancel_at: int = -1) -> None:
        trt.IProgressMonitor.__init__(self)
        self.calls: list[tuple[str, Any]] = []
        self.cancel_at = cancel_at

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        self.calls.append(("start", num_steps))

    def step_complete(self, phase_name: str, step: int) -> bool:
        self.calls.append(("step", step))
        return step != self.cancel_at

    def phase_finish(self, phase_name: str) -> None:
        self.calls.append(("finish", phase_name))


def io_names(told: dict[str, Any]) -> list[str]:
    """Inputs and outputs of what an inspector tells of an engine, whose layout changed with version 11."""
    return told["Bindings"] if MAJOR == 10 else [tensor["Name"] for tensor in told["I/O Tensors"]]


class Session:
    """One logger, builder, network and configuration."""

    def __init__(self, flags: int = STRONG) -> None:
        self.logger = Logger()
        self.builder = trt.Builder(self.logger)
        self.network = self.builder.create_network(flags)
        self.config = self.builder.create_builder_config()

    def input(self, name: str, shape: tuple[int, ...], dtype: Any = trt.float32) -> trt.ITensor:
        return self.network.add_input(name, dtype, shape)

    def profile(self, **shapes: tuple[Any, Any, Any]) -> trt.IOptimizationProfile:
        made = self.builder.create_optimization_profile()
        for name, (low, opt, high) in shapes.items():
            made.set_shape(name, low, opt, high)
        assert self.config.add_optimization_profile(made) >= 0
        return made

    def plan(self) -> Any:
        return self.builder.build_serialized_network(self.network, self.config)

    def engine(self) -> trt.ICudaEngine:
        plan = self.plan()
        assert plan is not None, self.logger.errors()
        return trt.Runtime(self.logger).deserialize_cuda_engine(plan)


def relu_network(shape: tuple[int, ...] = (2, 3), flags: int = STRONG) -> Session:
    """x -> relu -> y"""
    session = Session(flags)
    layer = session.network.add_activation(session.input("x", shape), trt.ActivationType.RELU)
    layer.name = "relu"
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    return session


def dynamic_relu() -> Session:
    """x [-1, 3] with lengths 1 to 8 -> relu -> y"""
    session = relu_network((-1, 3))
    session.profile(x=((1, 3), (2, 3), (8, 3)))
    return session


def on_device(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.to(device())


def execute(context: trt.IExecutionContext, x: torch.Tensor, y: torch.Tensor) -> bool:
    """Runs an engine of one input x and one output y."""
    assert context.set_tensor_address("x", x.data_ptr())
    assert context.set_tensor_address("y", y.data_ptr())
    stream = torch.cuda.current_stream().cuda_stream if x.is_cuda else 0
    done = context.execute_async_v3(stream)
    if x.is_cuda:
        torch.cuda.synchronize()
    return done
