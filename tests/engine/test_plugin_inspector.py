"""What inspectors and profilers say of plugins, whose data may be any bytes."""

import json

import tensorrt as trt

from tests.engine._case import sample
from tests.engine._plugins import Runner
from tests.engine.test_plugin_library import network


def test_detailed_information_of_a_plugin_is_json() -> None:
    session = network("TwoDynamic", (2, 3), scale=-1.7e-38)
    session.config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    engine = session.engine()
    text = engine.create_engine_inspector().get_engine_information(trt.LayerInformationFormat.JSON)
    layers = json.loads(text)["Layers"]
    assert [layer["Name"] for layer in layers] == ["scale"]
    assert layers[0]["LayerType"] == "PluginV2"


def test_profilers_see_plugins() -> None:
    class Profiler(trt.IProfiler):
        def __init__(self) -> None:
            trt.IProfiler.__init__(self)
            self.names: list[str] = []

        def report_layer_time(self, name: str, milliseconds: float) -> None:
            self.names.append(name)

    run = Runner(network("Three", (2, 3)).engine())
    profiler = Profiler()
    run.context.profiler = profiler
    run(x=sample((2, 3)))
    assert profiler.names == ["scale"]
