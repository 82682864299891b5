"""Virtual functions have bodies of the engine's, which do something or are listed with reasons."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.interface._implementation import ROOT, answers, implementers, shells

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
MAJORS = [10, 11]

# Callers implement these, and their own library never does.
CALLERS = {
    *["IVersionedInterface", "ILogger", "IErrorRecorder", "IProfiler", "IProgressMonitor", "IDebugListener"],
    *["IOutputAllocator", "IGpuAsyncAllocator", "IStreamReader", "IStreamReaderV2", "IStreamWriter"],
    *["IInt8Calibrator", "IInt8EntropyCalibrator", "IInt8EntropyCalibrator2", "IInt8MinMaxCalibrator"],
    *["IInt8LegacyCalibrator", "IAlgorithmSelector", "IRefitterObserver"],
    *["IPluginResource", "IPluginV2", "IPluginV2Ext", "IPluginV2IOExt", "IPluginV2DynamicExt", "IPluginV3"],
    *["IPluginV3OneCore", "IPluginV3OneBuild", "IPluginV3OneRuntime", "IPluginV3QuickCore"],
    *["IPluginV3QuickBuild", "IPluginV3QuickAOTBuild", "IPluginV3QuickRuntime"],
    *["IPluginCreator", "IPluginCreatorV3One", "IPluginCreatorV3Quick"],
    "ISymExpr",  # made by NVIDIA's bindings only, of expressions
}

# No object of these exists.
NOT_PROVIDED = {
    "VPluginLayer": "no function of the interface makes an IPluginLayer",
    "VAlgorithmIOInfo": "algorithm selectors see it, and none is asked: kernels are not chosen by timing",
    "VAlgorithmVariant": "see VAlgorithmIOInfo",
    "VAlgorithmContext": "see VAlgorithmIOInfo",
    "VAlgorithm": "see VAlgorithmIOInfo",
}

# Their functions fail with one error: there is no ONNX front end.
FAILING = {"IParser", "IParserError", "IParserRefitter"}

# Functions whose answer never changes, or that only report that they do nothing.
DLA = "there are no DLAs"
WEAK = "no tensor has a dynamic range: quantization is by layers"
SAFETY = "for safety engines, of which there are none"
CONSTANT = {
    "VHostMemory::type": "memory holds bytes",
    "VRuntime::getNbDLACores": DLA,
    "VRuntime::loadRuntime": "plans need no lean runtime",
    "VRefitter::getDynamicRangeMin": WEAK,
    "VRefitter::getDynamicRangeMax": WEAK,
    "VRefitter::getTensorsWithDynamicRange": WEAK,
    "VRefitter::releaseRefitResources": "nothing is kept between refits",
    "VCudaEngine::getEngineCapability": "others are refused by the build",
    "VCudaEngine::hasImplicitBatchDimension": "removed with version 10",
    "VCudaEngine::getTacticSources": "an engine needs none of NVIDIA's libraries of tactics",
    "VCudaEngine::getNbAuxStreams": "a context runs on the caller's stream alone",
    "VCudaEngine::getMinimumWeightStreamingBudget": "all weights can be streamed",
    "VTensor::setBroadcastAcrossBatch": "there is no implicit batch dimension",
    "VTensor::getBroadcastAcrossBatch": "there is no implicit batch dimension",
    "VTensor::setLocation": "deprecated; the builder decides where a tensor is computed",
    "VLayer::getNbRanks": "only DistCollective, which has its own, runs on several ranks",
    "VAttention::getNbRanks": "see VLayer::getNbRanks",
    "VAttention::getNbInputs": "query, key and value; the others have getters of their own",
    "VAttention::getNbOutputs": "one",
    "VCumulativeLayer::getOperation": "there is one",
    "VNetworkDefinition::hasImplicitBatchDimension": "removed with version 10",
    "VBuilderConfig::canRunOnDLA": DLA,
    "VBuilderConfig::setRemoteAutoTuningConfig": SAFETY,
    "VBuilderConfig::getRemoteAutoTuningConfig": SAFETY,
    "VBuilderConfig::getBuildRoute": "there is one, the default",
    "VBuilderConfig::getAllBuildRoutes": "there is one, the default",
    "VBuilder::platformHasFastFp16": "every platform computes with all types",
    "VBuilder::platformHasFastInt8": "every platform computes with all types",
    "VBuilder::platformHasTf32": "every platform computes with all types",
    "VBuilder::getMaxDLABatchSize": DLA,
    "VBuilder::getNbDLACores": DLA,
}


def virtual_functions(major: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Classes by their short names, with each function that they declare first."""
    table = json.loads((ROOT / "third_party" / "tensorrt" / f"abi-{major}.json").read_text())
    for name, entry in table["classes"].items():
        for function in entry.get("virtual", []):
            if not function["name"].startswith("~"):
                yield name.split("::")[-1], function


def required(major: int) -> Iterator[tuple[str, str]]:
    """Functions of classes that the library makes, but for those with a body in the interface."""
    shell_functions = {"getBuilder", "setAvgTimingIterations"}
    for name, function in virtual_functions(major):
        if name in CALLERS or name in NOT_PROVIDED:
            continue
        if function.get("pure", True) or function["name"] in shell_functions:
            yield name, function["name"]


@pytest.mark.parametrize("major", MAJORS)
def test_every_virtual_function_has_a_body(major: int) -> None:
    lacking = []
    for interface, function in required(major):
        bodies = answers(major, interface, function)
        if not bodies or len(bodies) < len(implementers(major, interface)):
            lacking.append(f"{interface}::{function}")
        lacking += [f"{n} of {interface}::{function}" for n, shell in bodies if not shell.bodies[function]]
    assert lacking == []


@pytest.mark.parametrize("major", MAJORS)
def test_overloads_have_bodies_of_their_own(major: int) -> None:
    functions = list(required(major))
    for interface, function in set(functions):
        count = functions.count((interface, function))
        for name, shell in answers(major, interface, function):
            assert len(shell.bodies[function]) >= count, f"{name}::{function}"


@pytest.mark.parametrize("major", MAJORS)
def test_what_is_not_provided_is_not_there(major: int) -> None:
    there = {name for name, _ in virtual_functions(major)}
    assert not [name for name in NOT_PROVIDED if name in there and implementers(major, name)]


def test_constant_answers_have_reasons() -> None:
    found = {
        f"{interface}::{function}"
        for major in MAJORS
        for interface, function in required(major)
        for _, shell in answers(major, interface, function)
        if interface not in FAILING
        if shell.bodies[function] and shell.constant(function)
    }
    assert found == set(CONSTANT)


def test_lists_name_classes_of_the_interface() -> None:
    there = {name for major in MAJORS for name, _ in virtual_functions(major)}
    assert (CALLERS | NOT_PROVIDED.keys()) <= there


@pytest.mark.parametrize("major", MAJORS)
def test_sources_were_read(major: int) -> None:
    assert {"Builder", "CudaEngine", "ExecutionContext", "Network"} <= shells(major).keys()
    assert len(list(required(major))) > 650
