"""What an inspector tells: by verbosity, with and without a context, as JSON and on one line."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import tensorrt as trt
import torch

from tests.engine._memory import empty, run_context
from tests.engine._session import MAJOR, STRONG, Recorder, Session, io_names, on_device

IO = "Bindings" if MAJOR == 10 else "I/O Tensors"
JSON, LINE = trt.LayerInformationFormat.JSON, trt.LayerInformationFormat.ONELINE
DETAILED = trt.ProfilingVerbosity.DETAILED


def conv_net(verbosity: Any = DETAILED, dynamic: bool = True, dtype: Any = trt.float32) -> Session:
    """x [-1, 4, 8, 8] -> convolution "conv" -> max pooling "pool" -> y"""
    session = Session(STRONG)
    n = session.network
    x = session.input("x", (-1 if dynamic else 2, 4, 8, 8), dtype)
    kind = np.float32 if dtype == trt.float32 else np.float16
    session.kept = [np.full((6, 2, 3, 3), 0.1, kind), np.ones(6, kind)]
    conv = n.add_convolution_nd(x, 6, (3, 3), *session.kept)
    conv.num_groups, conv.stride_nd, conv.pre_padding = 2, (2, 1), (1, 0)
    pool = n.add_pooling_nd(conv.get_output(0), trt.PoolingType.MAX, (2, 2))
    conv.name, pool.name, conv.metadata = "conv", "pool", 'from "model"\nline 2'
    conv.get_output(0).name, pool.get_output(0).name = "between", "y"
    n.mark_output(pool.get_output(0))
    session.config.profiling_verbosity = verbosity
    if dynamic:
        session.profile(x=((1, 4, 8, 8), (2, 4, 8, 8), (4, 4, 8, 8)))
    return session


def format_of(tensor: dict[str, Any]) -> str:
    """Format and type, which version 11 tells apart."""
    return tensor["Format/Datatype"] if MAJOR == 10 else f"{tensor['Format']} {tensor['Datatype']}"


def linear(dtype: Any) -> str:
    """What is told of a tensor in the usual format."""
    half = dtype == trt.float16
    if MAJOR == 10:
        return f"Row major linear {'FP16' if half else 'FP32'}"
    return f"kLINEAR {'Half' if half else 'Float'}"


def layers_of(inspector: trt.EngineInspector) -> dict[str, dict]:
    told = json.loads(inspector.get_engine_information(JSON))
    return {layer["Name"]: layer for layer in told["Layers"]}


def test_names_only() -> None:
    inspector = conv_net(trt.ProfilingVerbosity.LAYER_NAMES_ONLY).engine().create_engine_inspector()
    told = json.loads(inspector.get_engine_information(JSON))
    assert set(told) == {"Layers", IO} and io_names(told) == ["x", "y"]
    assert all(isinstance(name, str) for name in told["Layers"]) and {"conv", "pool"} <= set(told["Layers"])
    at = told["Layers"].index("pool")
    assert json.loads(inspector.get_layer_information(at, JSON)) == "pool"
    assert inspector.get_layer_information(at, LINE) == "pool"


def test_nothing_of_the_layers_without_verbosity() -> None:
    inspector = conv_net(trt.ProfilingVerbosity.NONE).engine().create_engine_inspector()
    told = json.loads(inspector.get_engine_information(JSON))
    assert set(told) == {"Layers", IO} and told["Layers"] == [] and io_names(told) == ["x", "y"]
    assert inspector.get_engine_information(LINE) == ""
    assert inspector.get_layer_information(0, JSON) == "" == inspector.get_layer_information(0, LINE)


def test_parameters_of_a_layer() -> None:
    layers = layers_of(conv_net().engine().create_engine_inspector())
    conv, pool = layers["conv"], layers["pool"]
    assert conv["LayerType"] == conv["ParameterType"] == "Convolution" and conv["Origin"] == "CONVOLUTION"
    assert (conv["Kernel"], conv["Stride"], conv["Dilation"]) == ([3, 3], [2, 1], [1, 1])
    assert (conv["PrePadding"], conv["PostPadding"]) == ([1, 0], [0, 0])
    assert (conv["OutMaps"], conv["Groups"]) == (6, 2)
    assert conv["PaddingMode"] == "kEXPLICIT_ROUND_DOWN"
    assert conv["Weights"] == {"Type": "Float", "Count": 108} and conv["Bias"] == {
        "Type": "Float",
        "Count": 6,
    }
    assert pool["PoolingType"] == "kMAX" and pool["WindowSize"] == [2, 2]
    assert conv["Metadata"] == 'from "model"\nline 2' and pool["Metadata"] == ""
    assert conv["StreamId"] == 0 and len(conv["Constants"]) == 2 and pool["Constants"] == []


def test_tensors_without_shapes() -> None:
    layers = layers_of(conv_net().engine().create_engine_inspector())
    x = layers["conv"]["Inputs"][0]
    assert (x["Name"], x["Location"], x["Dimensions"]) == ("x", "Device", [-1, 4, 8, 8])
    assert format_of(x).startswith("N/A")
    assert layers["pool"]["Inputs"][0]["Name"] == "between"
    assert layers["pool"]["Outputs"][0]["Dimensions"][0] == -1


@pytest.mark.parametrize("dtype", [trt.float32, trt.float16], ids=str)
def test_tensors_of_known_shape(dtype: Any) -> None:
    layers = layers_of(conv_net(dynamic=False, dtype=dtype).engine().create_engine_inspector())
    assert format_of(layers["conv"]["Inputs"][0]) == linear(dtype)
    assert layers["pool"]["Outputs"][0]["Dimensions"] == [2, 6, 3, 5]


def test_a_context_makes_lengths_concrete_also_between_layers() -> None:
    engine = conv_net().engine()
    inspector, context = engine.create_engine_inspector(), engine.create_execution_context()
    inspector.execution_context = context
    assert layers_of(inspector)["conv"]["Inputs"][0]["Dimensions"] == [-1, 4, 8, 8]
    assert context.set_input_shape("x", (3, 4, 8, 8))
    layers = layers_of(inspector)
    assert layers["conv"]["Inputs"][0]["Dimensions"] == [3, 4, 8, 8]
    assert layers["pool"]["Inputs"][0]["Dimensions"] == [3, 6, 4, 6]
    assert layers["pool"]["Outputs"][0]["Dimensions"] == [3, 6, 3, 5]
    assert format_of(layers["pool"]["Inputs"][0]) == linear(trt.float32)
    inspector.execution_context = None
    assert layers_of(inspector)["conv"]["Inputs"][0]["Dimensions"] == [-1, 4, 8, 8]


def test_tactics_are_what_a_run_called() -> None:
    engine = conv_net().engine()
    inspector, context = engine.create_engine_inspector(), engine.create_execution_context()
    inspector.execution_context = context
    before = layers_of(inspector)["pool"]
    assert before["TacticName"] == "torchtrt::Pooling"
    x = on_device(torch.randn(3, 4, 8, 8))
    assert context.set_input_shape("x", (3, 4, 8, 8))
    assert run_context(context, {"x": x}, {"y": empty((3, 6, 3, 5))})
    after = layers_of(inspector)
    assert "pool" in after["pool"]["TacticName"] and after["pool"]["TacticName"].startswith("aten::")
    assert after["conv"]["TacticName"].startswith(("aten::", "mkldnn::", "prepacked::"))
    value = after["pool"]["TacticValue"]
    assert value.startswith("0x") and int(value, 16) >= 0 and value != before["TacticValue"]


def test_one_line_for_each_layer() -> None:
    engine = conv_net().engine()
    inspector = engine.create_engine_inspector()
    lines = inspector.get_engine_information(LINE).rstrip("\n").split("\n")
    assert len(lines) == engine.num_layers
    for i, line in enumerate(lines):
        assert inspector.get_layer_information(i, LINE) == line
    conv = next(line for line in lines if line.startswith("Name: conv,"))
    for part in (
        "LayerType: Convolution",
        "Inputs: [{Name: x",
        "Dimensions: [-1, 4, 8, 8]",
        "TacticName: ",
        "StreamId: 0",
    ):
        assert part in conv
    assert 'Metadata: from "model" line 2' in conv


def test_json_of_one_layer_is_that_of_the_engine() -> None:
    engine = conv_net().engine()
    inspector = engine.create_engine_inspector()
    whole = json.loads(inspector.get_engine_information(JSON))["Layers"]
    assert whole == [json.loads(inspector.get_layer_information(i, JSON)) for i in range(engine.num_layers)]


def test_bindings_repeat_for_every_profile() -> None:
    session = conv_net()
    session.profile(x=((5, 4, 8, 8), (6, 4, 8, 8), (7, 4, 8, 8)))
    told = json.loads(session.engine().create_engine_inspector().get_engine_information(JSON))
    if MAJOR == 10:
        assert told["Bindings"] == ["x", "y", "x [profile 1]", "y [profile 1]"]
        return
    x, y = told["I/O Tensors"]
    assert [p["MinShape"] for p in x["ProfileInfo"]] == [[1, 4, 8, 8], [5, 4, 8, 8]]
    assert [p["OptShape"] for p in x["ProfileInfo"]] == [[2, 4, 8, 8], [6, 4, 8, 8]]
    assert [p["MaxShape"] for p in x["ProfileInfo"]] == [[4, 4, 8, 8], [7, 4, 8, 8]]
    assert (x["IOMode"], y["IOMode"], x["DataType"], x["Location"]) == ("Input", "Output", "Float", "Device")
    assert len(y["ProfileInfo"]) == 2 and x["IsShapeInferenceIO"] is False


def test_operations_and_types_by_name() -> None:
    session = Session()
    x = session.input("x", (2, 3))
    cast = session.network.add_cast(x, trt.float16)
    unary = session.network.add_unary(cast.get_output(0), trt.UnaryOperation.EXP)
    reduce = session.network.add_reduce(unary.get_output(0), trt.ReduceOperation.SUM, 2, True)
    cast.name, unary.name, reduce.name = "cast", "exp", "sum"
    session.network.mark_output(reduce.get_output(0))
    session.config.profiling_verbosity = DETAILED
    session.config.builder_optimization_level = 0
    layers = layers_of(session.engine().create_engine_inspector())
    assert layers["cast"]["ToType"] == "Half"
    assert layers["exp"]["Operation"] == "kEXP" and layers["sum"]["Operation"] == "kSUM"
    assert layers["sum"]["KeepDimensions"] is True


def test_host_tensors_are_told_as_such() -> None:
    session = Session()
    x = session.input("x", (-1, 4))
    shape = session.network.add_shape(x)
    shape.name = "shape"
    shuffle = session.network.add_shuffle(session.network.add_identity(x).get_output(0))
    shuffle.set_input(1, shape.get_output(0))
    session.network.mark_output(shuffle.get_output(0))
    session.network.mark_output_for_shapes(shape.get_output(0))
    session.config.profiling_verbosity = DETAILED
    session.profile(x=((1, 4), (2, 4), (3, 4)))
    layers = layers_of(session.engine().create_engine_inspector())
    assert layers["shape"]["Outputs"][0]["Location"] == "Host"


# ---- refused


@pytest.mark.parametrize("index", [-1, 99])
def test_there_are_only_so_many_layers(index: int) -> None:
    session = conv_net()
    inspector = session.engine().create_engine_inspector()
    assert not inspector.get_layer_information(index, JSON)
    assert f"layer {index}" in session.logger.last_error()


def test_a_context_of_another_engine_is_refused() -> None:
    session = conv_net()
    first, second = session.engine(), session.engine()
    inspector = first.create_engine_inspector()
    inspector.execution_context = second.create_execution_context()
    assert "another engine" in session.logger.last_error()
    assert inspector.execution_context is None


def test_errors_go_to_the_engine_s_recorder_unless_there_is_another() -> None:
    session = conv_net()
    engine = session.engine()
    engine.error_recorder = recorder = Recorder()
    inspector = engine.create_engine_inspector()
    inspector.get_layer_information(99, JSON)
    assert len(recorder.found) == 1
    inspector.error_recorder = own = Recorder()
    inspector.get_layer_information(99, JSON)
    assert len(recorder.found) == 1 and len(own.found) == 1
