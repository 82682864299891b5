"""Runtime, engine, execution context and inspector through NVIDIA's bindings."""

import pytest
import tensorrt as trt
import torch

from tests.engine._case import device
from tests.engine._session import Logger, Recorder, Session, dynamic_relu, execute, on_device, relu_network


def test_io_tensors_of_an_engine() -> None:
    engine = dynamic_relu().engine()
    assert [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)] == ["x", "y"]
    assert engine.get_tensor_mode("x") == trt.TensorIOMode.INPUT
    assert engine.get_tensor_mode("y") == trt.TensorIOMode.OUTPUT
    assert engine.get_tensor_mode("z") == trt.TensorIOMode.NONE
    assert tuple(engine.get_tensor_shape("y")) == (-1, 3)
    assert engine.get_tensor_dtype("y") == trt.float32
    assert engine.get_tensor_location("x") == trt.TensorLocation.DEVICE
    assert engine.get_tensor_format("x") == trt.TensorFormat.LINEAR
    assert engine.get_tensor_format_desc("x") == "Row major linear FP32 format (kLINEAR)"
    assert engine.get_tensor_bytes_per_component("x") == 4
    assert engine.get_tensor_components_per_element("x") == 1
    assert engine.get_tensor_vectorized_dim("x") == -1
    assert not engine.is_shape_inference_io("x")
    assert "x" in engine and "z" not in engine


def test_facts_of_an_engine() -> None:
    engine = relu_network().engine()
    assert engine.num_layers == 1 and engine.num_aux_streams == 0
    assert not engine.refittable
    assert engine.device_memory_size_v2 == 0
    assert engine.streamable_weights_size == 0
    assert engine.profiling_verbosity == trt.ProfilingVerbosity.LAYER_NAMES_ONLY
    assert engine.hardware_compatibility_level == trt.HardwareCompatibilityLevel.NONE


def test_an_engine_serializes_to_the_plan_it_came_from() -> None:
    session = dynamic_relu()
    plan = bytes(session.plan())
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    assert bytes(engine.serialize()) == plan
    config = engine.create_serialization_config()
    assert bytes(engine.serialize_with_config(config)) == plan


@pytest.mark.parametrize("damage", ["empty", "foreign", "truncated", "flipped"])
def test_damaged_plans_are_refused_with_a_message(damage: str) -> None:
    logger = Logger()
    plan = bytearray(relu_network().plan())
    blobs = {"empty": b"", "foreign": b"ftrt" + bytes(200), "truncated": bytes(plan[: len(plan) // 2])}
    plan[len(plan) // 2] ^= 1
    blob = blobs.get(damage, bytes(plan))
    assert trt.Runtime(logger).deserialize_cuda_engine(blob) is None
    assert "deserializeCudaEngine" in logger.last_error()


def test_runtime_passes_its_recorder_on() -> None:
    session = dynamic_relu()
    runtime = trt.Runtime(session.logger)
    recorder = Recorder()
    runtime.error_recorder = recorder
    context = runtime.deserialize_cuda_engine(session.plan()).create_execution_context()
    assert not context.set_input_shape("x", (99, 3))
    assert len(recorder.found) == 1
    assert runtime.num_DLA_cores == 0 and not runtime.engine_host_code_allowed


def test_dynamic_execution_with_changing_shapes() -> None:
    context = dynamic_relu().engine().create_execution_context()
    for length in (1, 5, 8, 5):
        x = on_device(torch.randn(length, 3))
        y = torch.empty_like(x)
        assert context.set_input_shape("x", (length, 3))
        assert context.infer_shapes() == []
        assert tuple(context.get_tensor_shape("y")) == (length, 3)
        assert tuple(context.get_tensor_strides("y")) == (3, 1)
        assert execute(context, x, y)
        assert torch.equal(y, x.relu())


@pytest.mark.parametrize("shape", [(9, 3), (0, 3), (2, 4), (2,), (-1, 3)])
def test_shapes_outside_the_profile_are_refused(shape: tuple[int, ...]) -> None:
    session = dynamic_relu()
    context = session.engine().create_execution_context()
    assert not context.set_input_shape("x", shape)
    assert "x" in session.logger.last_error()
    assert tuple(context.get_tensor_shape("x")) == (-1, 3)


def test_what_is_missing_is_named() -> None:
    session = dynamic_relu()
    context = session.engine().create_execution_context()
    assert context.infer_shapes() == ["x"]
    assert not context.all_binding_shapes_specified
    assert context.set_input_shape("x", (2, 3))
    assert context.infer_shapes() == []
    assert not context.execute_async_v3(0)
    assert "x" in session.logger.last_error()


def test_unknown_names_are_refused() -> None:
    session = dynamic_relu()
    context = session.engine().create_execution_context()
    assert not context.set_tensor_address("nothing", 64)
    assert "nothing" in session.logger.last_error()
    assert not context.set_input_shape("y", (2, 3))
    assert "y" in session.logger.last_error()


def test_addresses_and_state_come_back() -> None:
    engine = dynamic_relu().engine()
    context = engine.create_execution_context()
    x = on_device(torch.zeros(2, 3))
    assert context.get_tensor_address("x") == 0
    assert context.set_tensor_address("x", x.data_ptr())
    assert context.get_tensor_address("x") == x.data_ptr()
    context.name = "first"
    assert context.name == "first"
    assert context.active_optimization_profile == 0
    assert context.engine is not None
    assert context.set_optimization_profile_async(0, 0)
    with pytest.raises(RuntimeError):  # how the bindings tell of false
        context.set_optimization_profile_async(1, 0)


def test_execute_v2_takes_addresses_in_order() -> None:
    context = relu_network().engine().create_execution_context()
    x = on_device(torch.randn(2, 3))
    y = torch.empty_like(x)
    assert context.execute_v2([x.data_ptr(), y.data_ptr()])
    assert torch.equal(y, x.relu())


def test_two_profiles() -> None:
    session = relu_network((-1, 3))
    session.profile(x=((1, 3), (2, 3), (4, 3)))
    session.profile(x=((10, 3), (10, 3), (20, 3)))
    context = session.engine().create_execution_context()
    assert not context.set_input_shape("x", (10, 3))
    assert context.set_optimization_profile_async(1, 0)
    assert context.set_input_shape("x", (10, 3))
    assert not context.set_input_shape("x", (2, 3))


class Allocator(trt.IOutputAllocator):
    def __init__(self) -> None:
        trt.IOutputAllocator.__init__(self)
        self.memory: torch.Tensor | None = None
        self.shape: tuple[int, ...] | None = None

    def reallocate_output_async(self, name: str, memory: int, size: int, alignment: int, stream: int) -> int:
        self.memory = torch.empty(size, dtype=torch.uint8, device=device())
        return self.memory.data_ptr()

    def notify_shape(self, name: str, shape: trt.Dims) -> None:
        self.shape = tuple(shape)


def test_output_allocator_gets_size_and_shape() -> None:
    context = dynamic_relu().engine().create_execution_context()
    allocator = Allocator()
    assert context.set_output_allocator("y", allocator)
    assert context.get_output_allocator("y") is not None
    assert not context.set_output_allocator("x", allocator)
    x = on_device(torch.randn(4, 3))
    assert context.set_input_shape("x", (4, 3)) and context.set_tensor_address("x", x.data_ptr())
    assert context.execute_async_v3(0)
    assert allocator.shape == (4, 3) and allocator.memory is not None
    assert torch.equal(allocator.memory.view(torch.float32)[:12].reshape(4, 3), x.relu())
    assert context.get_max_output_size("y") == 48


class HostAllocator(Allocator):
    """Memory of the host, for values that the host knows."""

    def reallocate_output_async(self, name: str, memory: int, size: int, alignment: int, stream: int) -> int:
        self.memory = torch.full((size,), 77, dtype=torch.uint8)
        return self.memory.data_ptr()


def test_values_of_shapes_go_to_an_output_allocator_too() -> None:
    session = dynamic_relu()
    shape = session.network.add_shape(session.network.get_output(0)).get_output(0)
    shape.name = "shape"
    assert session.network.mark_output_for_shapes(shape)
    context = session.engine().create_execution_context()
    allocator = HostAllocator()
    assert context.set_output_allocator("shape", allocator)
    for rows in (2, 5):
        x = on_device(torch.randn(rows, 3))
        y = torch.empty_like(x)
        assert context.set_input_shape("x", (rows, 3))
        assert execute(context, x, y), session.logger.errors()
        assert torch.equal(y, x.relu())
        assert allocator.shape == (2,) and allocator.memory is not None
        assert allocator.memory.view(torch.int64).tolist() == [rows, 3]
    assert context.get_tensor_address("shape") == allocator.memory.data_ptr()


class Profiler(trt.IProfiler):
    def __init__(self) -> None:
        trt.IProfiler.__init__(self)
        self.layers: list[str] = []

    def report_layer_time(self, layer_name: str, ms: float) -> None:
        assert ms >= 0
        self.layers.append(layer_name)


def test_profiler_hears_of_each_layer() -> None:
    context = relu_network().engine().create_execution_context()
    profiler = Profiler()
    context.profiler = profiler
    x = on_device(torch.randn(2, 3))
    assert execute(context, x, torch.empty_like(x))
    assert profiler.layers == ["relu"]
    context.enqueue_emits_profile = False
    assert execute(context, x, torch.empty_like(x))
    assert profiler.layers == ["relu"]
    assert context.report_to_profiler()
    assert profiler.layers == ["relu", "relu"]


def test_only_refittable_engines_have_a_refitter() -> None:
    session = relu_network()
    engine = session.engine()
    with pytest.raises(TypeError, match="nullptr"):  # the bindings' error for a null object
        trt.Refitter(engine, session.logger)
    assert "not refittable" in session.logger.last_error()


def test_objects_survive_in_any_order_of_deletion() -> None:
    session = dynamic_relu()
    runtime = trt.Runtime(session.logger)
    engine = runtime.deserialize_cuda_engine(session.plan())
    context = engine.create_execution_context()
    del runtime, engine, session
    assert context.set_input_shape("x", (2, 3))
    x = on_device(torch.randn(2, 3))
    y = torch.empty_like(x)
    assert execute(context, x, y) and torch.equal(y, x.relu())


def test_many_layers_of_one_session_do_not_mix_names() -> None:
    session = Session()
    x = session.input("x", (2,))
    names = []
    for i in range(50):
        layer = session.network.add_identity(x)
        layer.name = f"layer {i}"
        names.append(layer)
    assert [layer.name for layer in names] == [f"layer {i}" for i in range(50)]
