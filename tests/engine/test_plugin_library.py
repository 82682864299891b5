"""Plugins of a C++ library: call order, lifetimes, serialization, failing callbacks;
loading and unloading."""

import gc

import pytest
import tensorrt as trt
import torch

from tests.engine._case import sample
from tests.engine._plugins import REGISTRY, Library, Runner, library, library_plugin
from tests.engine._session import MAJOR, Session, needs_weak_types

RANGE = ((1, 3), (2, 3), (4, 3))
V2 = ["TwoDynamic", "TwoIO", "TwoExt"]


def network(name: str, shape: tuple[int, ...] = (-1, 3), scale: float = 2.0, fail: str = "") -> Session:
    """x -> plugin "scale" -> y; the log of the library is empty then."""
    session = Session()
    x = session.input("x", shape)
    plugin = library_plugin(name, scale, fail)
    session.kept = plugin  # type: ignore[attr-defined]  (Python ends it otherwise, which the log would tell)
    library().log()
    add = (
        session.network.add_plugin_v3([x], [], plugin)
        if name == "Three"
        else session.network.add_plugin_v2([x], plugin)
    )
    if add is None:
        return session
    add.name = "scale"
    add.get_output(0).name = "y"
    session.network.mark_output(add.get_output(0))
    if shape[0] < 0:
        session.profile(x=RANGE)
    return session


def fails(name: str, fail: str, shape: tuple[int, ...] = (-1, 3)) -> str:
    session = network(name, shape, fail=fail)
    assert session.network.num_layers == 0 or session.plan() is None
    return session.logger.last_error()


@pytest.mark.parametrize("name", ["Three", "TwoDynamic"])
def test_dynamic_plugins_compute(name: str) -> None:
    run = Runner(network(name, scale=3.0).engine())
    for rows in (2, 4, 1, 4):
        x = sample((rows, 3))
        assert torch.equal(run(x=x)[0], x * 3)


@pytest.mark.parametrize("name", ["Three", *V2])
def test_static_plugins_compute(name: str) -> None:
    run = Runner(network(name, (2, 3)).engine())
    x = sample((2, 3))
    assert torch.equal(run(x=x)[0], x * 2)


def test_built_engines_need_no_creator() -> None:
    session = network("Three")
    engine = session.builder.build_engine_with_config(session.network, session.config)
    x = sample((2, 3))
    assert torch.equal(Runner(engine)(x=x)[0], x * 2)


def test_version_3_is_called_in_the_documented_order() -> None:
    lib = library()
    session = network("Three")
    assert lib.log() == ["clone", "getOutputDataTypes"]
    assert tuple(session.network.get_layer(0).get_output(0).shape) == (-1, 3)
    assert lib.log() == ["getOutputShapes"]
    plan = session.plan()
    ranges = "[-1,3][1,3][2,3][4,3]"
    configure = [f"configurePlugin {ranges} {ranges}", "getWorkspaceSize"]
    supports = ["supportsFormatCombination 0", "supportsFormatCombination 1"]
    assert lib.log() == [
        *["clone", *supports, *configure, "getValidTactics", "setTactic 5", "onShapeChange [2,3]"],
        *[*configure, "getFieldsToSerialize", "delete"],
    ]
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    assert lib.log() == ["createPlugin scale runtime"]
    run = Runner(engine)
    assert lib.log() == ["attachToContext", "clone", "setTactic 5"]
    run(x=sample((2, 3)))
    assert lib.log() == ["onShapeChange [2,3]", "enqueue"]
    run(x=sample((2, 3), seed=1))
    assert lib.log() == ["enqueue"]
    run(x=sample((4, 3)))
    assert lib.log() == ["onShapeChange [4,3]", "enqueue"]


def test_version_3_is_told_of_changed_addresses_and_profiles() -> None:
    lib = library()
    session = network("Three")
    session.profile(x=RANGE)
    run = Runner(session.engine())
    run(x=sample((2, 3)))
    lib.log()
    former = run.memory.pop("x")  # alive: its address is not given out again
    kept = run.memory["y"]
    run(x=sample((2, 3)))
    assert kept is run.memory["y"] and former.data_ptr() != run.memory["x"].data_ptr()
    assert lib.log() == ["onShapeChange [2,3]", "enqueue"]
    assert run.context.set_optimization_profile_async(1, 0)
    run(x=sample((2, 3)))
    assert lib.log() == ["onShapeChange [2,3]", "enqueue"]


def test_version_2_is_called_in_the_documented_order() -> None:
    lib = library()
    session = network("TwoDynamic")
    assert lib.log() == ["clone"]
    assert tuple(session.network.get_layer(0).get_output(0).shape) == (-1, 3)
    assert lib.log() == ["getOutputDimensions"]
    plan = session.plan()
    assert lib.log() == [
        *["clone", "supportsFormatCombination 0", "supportsFormatCombination 1"],
        *[
            "configurePlugin [-1,3][1,3][2,3][4,3]",
            "configurePlugin [2,3][2,3][2,3][2,3]",
            "getWorkspaceSize [4,3]",
        ],
        *["initialize", "serialize", "terminate", "destroy", "delete"],
    ]
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    assert lib.log() == ["deserializePlugin scale", "initialize"]
    run = Runner(engine)
    assert lib.log() == ["clone", "attachToContext"]
    prepare = ["configurePlugin [2,3][2,3][2,3][2,3]", "getWorkspaceSize [2,3]"]
    run(x=sample((2, 3)))
    assert lib.log() == [*prepare, "enqueue"]
    run(x=sample((2, 3), seed=1))
    assert lib.log() == ["enqueue"]
    del run
    gc.collect()
    assert lib.log() == ["detachFromContext", "destroy", "delete"]
    del engine
    gc.collect()
    assert lib.log() == ["terminate", "destroy", "delete"]


@pytest.mark.parametrize(("name", "configured"), [("TwoIO", ["[2,3]"]), ("TwoExt", ["[2,3] batch 1"])])
def test_static_version_2_is_called_in_the_documented_order(name: str, configured: list[str]) -> None:
    lib = library()
    session = network(name, (2, 3))
    lib.log()
    assert session.plan() is not None
    assert lib.log() == [
        *[f"configurePlugin {text}" for text in configured],
        *["initialize", "serialize", "terminate", "destroy", "delete"],
    ]


def test_io_plugins_take_lengths_of_run_time() -> None:
    run = Runner(network("TwoIO").engine())
    for rows in (1, 3):
        x = sample((rows, 3))
        assert torch.equal(run(x=x)[0], x * 2)


@pytest.mark.parametrize("name", ["Three", *V2])
def test_every_object_ends_once(name: str) -> None:
    lib = library()
    session = network(name, (2, 3))
    before = lib.alive
    engine = session.engine()
    runners = [Runner(engine), Runner(engine)]
    for run in runners:
        run(x=sample((2, 3)))
    assert lib.alive == before + 3
    del run, runners, engine
    assert lib.alive == before
    assert session.builder.is_network_supported(session.network, session.config)
    assert lib.alive == before
    del session
    assert lib.alive == before - 2


def test_two_plugins_of_one_kind_keep_their_own_fields() -> None:
    session = Session()
    x = session.input("x", (2, 3))
    a = session.network.add_plugin_v3([x], [], library_plugin("Three", 3.0)).get_output(0)
    b = session.network.add_plugin_v3([x], [], library_plugin("Three", 5.0)).get_output(0)
    for tensor in (a, b):
        session.network.mark_output(tensor)
    x = sample((2, 3))
    found = Runner(session.engine())(x=x)
    assert torch.equal(found[0], x * 3)
    assert torch.equal(found[1], x * 5)


@pytest.mark.parametrize(
    ("fail", "expected"),
    [
        ("clone", "clone answered null"),
        ("no build", "PLUGIN_V3ONE_BUILD"),
        ("no runtime", "PLUGIN_V3ONE_RUNTIME"),
        ("no outputs", "has no outputs"),
        ("getOutputDataTypes", "its getOutputDataTypes answered 7"),
        ("getOutputShapes", "its getOutputShapes answered 7"),
        ("configurePlugin", "its configurePlugin answered 7"),
        ("getValidTactics", "its getValidTactics answered 7"),
        ("equal tactics", "tactics [5, 5] must be different"),
        ("setTactic", "its setTactic answered 7"),
        ("onShapeChange", "its onShapeChange answered 7"),
        ("getFieldsToSerialize", "getFieldsToSerialize answered null"),
    ],
)
def test_a_failing_callback_of_version_3_ends_the_build(fail: str, expected: str) -> None:
    before = library().alive
    text = fails("Three", fail)
    assert expected in text
    assert "Three" in text or "scale" in text
    assert library().alive == before


@pytest.mark.parametrize(
    ("fail", "expected"), [("clone", "clone answered null"), ("initialize", "initialize answered 7")]
)
def test_a_failing_callback_of_version_2_ends_the_build(fail: str, expected: str) -> None:
    assert expected in fails("TwoDynamic", fail)


@pytest.mark.parametrize("name", ["Three", *V2])
def test_a_failing_enqueue_fails_the_run(name: str) -> None:
    session = network(name, (2, 3), fail="enqueue")
    assert not Runner(session.engine()).start(x=sample((2, 3)))
    text = session.logger.last_error()
    assert "scale" in text
    assert "enqueue answered 7" in text


@pytest.mark.parametrize(
    ("name", "fail", "expected"),
    [
        ("Three", "createPlugin", "createPlugin answered null"),
        ("TwoDynamic", "deserializePlugin", "deserializePlugin answered null"),
    ],
)
def test_a_failing_creator_fails_the_deserialization(name: str, fail: str, expected: str) -> None:
    session = network(name, fail=fail)
    assert session.engine() is None
    assert expected in session.logger.last_error()


def test_a_failing_attach_fails_the_context() -> None:
    session = network("Three", fail="attachToContext")
    assert session.engine().create_execution_context() is None
    assert "attachToContext answered null" in session.logger.last_error()


@pytest.mark.parametrize("name", ["Three", *V2])
def test_a_type_that_the_plugin_does_not_take_is_refused(name: str) -> None:
    session = Session()
    x = session.input("x", (2, 3), trt.float16)
    plugin = library_plugin(name)
    layer = (
        session.network.add_plugin_v3([x], [], plugin)
        if name == "Three"
        else session.network.add_plugin_v2([x], plugin)
    )
    session.network.mark_output(layer.get_output(0))
    assert session.plan() is None
    text = session.logger.last_error()
    assert "refused input 0" in text
    assert "float16" in text


@needs_weak_types
def test_weakly_typed_networks_take_the_type_that_the_plugin_chooses() -> None:
    session = Session(flags=0)
    x = session.input("x", (2, 3), trt.float16)
    layer = session.network.add_plugin_v3([x], [], library_plugin("Three"))
    layer.get_output(0).name = "y"
    session.network.mark_output(layer.get_output(0))
    x = sample((2, 3), torch.float16)
    assert torch.equal(Runner(session.engine())(x=x)[0].to(torch.float16), x * 2)


def test_ext_plugins_refuse_lengths_of_run_time() -> None:
    assert "IPluginV2DynamicExt" in fails("TwoExt", "")


def test_a_missing_creator_is_named() -> None:
    session = network("Three")
    plan = session.plan()
    runtime = trt.Runtime(session.logger)
    runtime.get_plugin_registry().parent_search_enabled = False
    assert runtime.deserialize_cuda_engine(plan) is None
    text = session.logger.last_error()
    for part in ("scale", "Three", "version 1", 'namespace "library"', "creator"):
        assert part in text


def test_plans_of_plugins_are_the_same_after_a_round_trip() -> None:
    session = network("TwoDynamic", scale=4.0)
    plan = session.plan()
    engine = trt.Runtime(session.logger).deserialize_cuda_engine(plan)
    assert bytes(engine.serialize()) == bytes(plan)


def test_libraries_are_loaded_once_and_unloaded() -> None:
    registry = Session().builder.get_plugin_registry()
    registry.parent_search_enabled = False
    older = Library("-DOLDER_LIBRARY")
    handle = registry.load_library(str(older.path))
    assert handle is not None
    assert registry.get_creator("TwoOlder", "1", "library") is not None
    if MAJOR == 10:
        assert registry.get_plugin_creator("TwoOlder", "1", "library") is not None
    assert registry.load_library(str(older.path)) is None
    registry.deregister_library(handle)
    assert registry.get_creator("TwoOlder", "1", "library") is None


def test_libraries_are_given_a_logger() -> None:
    session = Session()  # the library is given its logger, or that of an object of before
    assert session.builder and library().handle.has_logger()
    assert REGISTRY.load_library(str(library().path)) is None  # registered already


def test_a_library_without_plugins_is_refused() -> None:
    import ctypes.util

    name = ctypes.util.find_library("m")
    assert name is not None
    assert REGISTRY.load_library(name) is None
