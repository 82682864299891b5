"""EngineControls: what may be switched on a loaded engine: profiling, outputs, memory, profiles."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from torch_tensorrt._errors import InputError

ProfileState = tuple[int, bool]
"""Active profile and whether it is chosen by the inputs."""


class EngineControls(torch.nn.Module):
    """Part of TorchTensorRTModule."""

    dynamically_allocate_resources: bool
    _unowned: bool
    _recorder: Any
    # Of the other parts.
    encode_metadata: Callable[[Mapping[str, Any]], str]
    _metadata: Callable[[], dict[str, Any]]

    def get_engine(self) -> Any:
        raise NotImplementedError

    # ---- profiling and inspection

    def enable_profiling(
        self, profiling_results_dir: str | None = None, profile_format: str = "perfetto"
    ) -> None:
        """Writes trace files of every call into the folder; `profile_format`: perfetto or trex."""
        engine = self.get_engine()
        folder = profiling_results_dir or os.path.join(tempfile.gettempdir(), "torch_tensorrt")
        os.makedirs(folder, exist_ok=True)
        engine.profile_path_prefix = folder
        engine.set_profile_format(profile_format)
        engine.enable_profiling()

    def disable_profiling(self) -> None:
        """Ends `enable_profiling`."""
        self.get_engine().disable_profiling()

    def get_layer_info(self) -> str:
        """JSON about the engine's layers."""
        return self.get_engine().get_engine_layer_info()

    def dump_layer_info(self, path: str = "") -> None:
        """Writes `get_layer_info` to a file; without a path into the folder of the profiles."""
        self.get_engine().dump_engine_layer_info_to_file(path)

    # ---- outputs

    def set_pre_allocated_outputs(self, enable: bool) -> None:
        """Allocates the next call's outputs while the present one runs."""
        self.get_engine().use_pre_allocated_outputs = bool(enable)

    @property
    def pre_allocated_outputs(self) -> list[torch.Tensor]:
        """Outputs that the next call will fill."""
        return list(self.get_engine().pre_allocated_outputs)

    def set_use_output_allocator(self, enable: bool) -> None:
        """Lets the engine ask for the memory of every output; those of unknown size always do."""
        self.get_engine().use_output_allocator_outputs = bool(enable)

    def set_output_tensors_as_unowned(self, enabled: bool) -> None:
        """Outputs belong to the caller for good: a replayed CUDA graph then returns copies."""
        self._unowned = bool(enabled)
        engine = self.get_engine()
        engine.set_output_tensors_as_unowned(self._unowned)
        engine.set_serialized_metadata(self.encode_metadata(self._metadata()))

    def are_output_tensors_unowned(self) -> bool:
        """See `set_output_tensors_as_unowned`."""
        return self._unowned

    # ---- memory

    def get_device_memory_budget(self) -> int:
        """Bytes of streamable weights that are kept on the device."""
        return int(self.get_engine().device_memory_budget)

    def set_device_memory_budget(self, budget_bytes: int) -> int:
        """Sets the weight streaming budget; answers what the engine made of it."""
        self.get_engine().device_memory_budget = int(budget_bytes)
        self._recorder = None
        return self.get_device_memory_budget()

    def get_streamable_device_memory_budget(self) -> int:
        """Bytes of weights that can be streamed."""
        return int(self.get_engine().streamable_device_memory_budget)

    def get_automatic_device_memory_budget(self) -> int:
        """The budget that the engine proposes."""
        return int(self.get_engine().automatic_device_memory_budget)

    def use_dynamically_allocated_resources(self, dynamically_allocate_resources: bool = False) -> None:
        """Brings the engine's scratch memory at each call instead of keeping it."""
        self.dynamically_allocate_resources = bool(dynamically_allocate_resources)
        self.get_engine().use_dynamically_allocated_resources(self.dynamically_allocate_resources)

    # ---- optimization profiles

    def set_optimization_profile(self, profile: int | str) -> None:
        """A profile's number, or "auto" to choose by the inputs of each call."""
        engine = self.get_engine()
        if profile == "auto":
            engine._auto_select_profiles = True
            return
        if isinstance(profile, bool) or not isinstance(profile, int):
            raise InputError(f"an optimization profile is a number or 'auto', got {profile!r}")
        if not 0 <= profile < engine.num_optimization_profiles:
            raise InputError(
                f"the engine has {engine.num_optimization_profiles} optimization profile(s), "
                f"numbered from 0; got {profile}"
            )
        engine.set_active_profile(profile)
        engine._auto_select_profiles = False
        self._recorder = None

    def get_optimization_profile_state(self) -> ProfileState:
        """For `restore_optimization_profile_state`."""
        engine = self.get_engine()
        return int(engine._active_profile_index), bool(engine._auto_select_profiles)

    def restore_optimization_profile_state(self, state: ProfileState) -> None:
        """Back to what `get_optimization_profile_state` told."""
        engine = self.get_engine()
        engine.set_active_profile(state[0])
        engine._auto_select_profiles = state[1]


def engine_modules(module: torch.nn.Module) -> Iterator[EngineControls]:
    """Every module with an engine inside `module`, itself included."""
    return (found for found in module.modules() if isinstance(found, EngineControls))


def require_engine_modules(module: torch.nn.Module, what: str) -> Sequence[EngineControls]:
    """`engine_modules`, or InputError that says what needed them."""
    found = list(engine_modules(module))
    if not found:
        raise InputError(
            f"{what} needs a module with TensorRT engines; {type(module).__name__} has none\n"
            "  Pass the result of torch_tensorrt.compile or torch_tensorrt.dynamo.compile"
        )
    return found
