"""Plugin registries: creators of every kind, parents, resources; the builder's list of plugin libraries."""

from __future__ import annotations

from typing import Any

import pytest
import tensorrt as trt

from tests.engine._plugins import REGISTRY, library
from tests.engine._session import MAJOR, Session


class One(trt.IPluginCreatorV3One):
    def __init__(self, name: str, version: str = "1") -> None:
        trt.IPluginCreatorV3One.__init__(self)
        self.name, self.plugin_version, self.plugin_namespace = name, version, "registry"
        self.field_names = trt.PluginFieldCollection([])


class Older(trt.IPluginCreator):
    def __init__(self, name: str) -> None:
        trt.IPluginCreator.__init__(self)
        self.name, self.plugin_version, self.plugin_namespace = name, "1", "registry"
        self.field_names = trt.PluginFieldCollection([])


RELEASED: list[Any] = []


class Resource(trt.IPluginResource):
    def __init__(self, value: int = 0) -> None:
        trt.IPluginResource.__init__(self)
        self.value = value

    def clone(self) -> Any:
        return Resource(self.value + 1)

    def release(self) -> None:
        RELEASED.append(self.value)


def test_both_kinds_of_creators() -> None:
    one, older = One("KindOne"), Older("KindOlder")
    assert REGISTRY.register_creator(one, "registry")
    assert REGISTRY.register_creator(older, "registry")
    assert REGISTRY.get_creator("KindOne", "1", "registry").name == "KindOne"
    assert REGISTRY.get_creator("KindOlder", "1", "registry").name == "KindOlder"
    if MAJOR == 10:  # functions that see the older kind only
        assert REGISTRY.get_plugin_creator("KindOlder", "1", "registry").name == "KindOlder"
        assert REGISTRY.get_plugin_creator("KindOne", "1", "registry") is None
        names = [creator.name for creator in REGISTRY.plugin_creator_list]
        assert "KindOlder" in names and "KindOne" not in names
    assert {"KindOne", "KindOlder"} <= {creator.name for creator in REGISTRY.all_creators}
    assert REGISTRY.deregister_creator(one)
    assert REGISTRY.deregister_creator(older)
    assert not REGISTRY.deregister_creator(older)


def test_version_and_namespace_tell_creators_apart() -> None:
    creators = [One("Apart"), One("Apart", "2")]
    assert REGISTRY.register_creator(creators[0], "a")
    assert REGISTRY.register_creator(creators[0], "b")
    assert REGISTRY.register_creator(creators[1], "a")
    assert not REGISTRY.register_creator(creators[1], "a")
    assert REGISTRY.get_creator("Apart", "1", "b") is not None
    assert REGISTRY.get_creator("Apart", "2", "b") is None
    assert all(REGISTRY.deregister_creator(creator) for creator in creators)
    assert REGISTRY.get_creator("Apart", "1", "a") is None


@pytest.mark.parametrize("owner", ["builder", "runtime"])
def test_local_registries_search_their_parent(owner: str) -> None:
    library()
    session = Session()
    made = session.builder if owner == "builder" else trt.Runtime(session.logger)
    local = made.get_plugin_registry()
    creator = One("Local")
    assert local.register_creator(creator, "registry")
    assert REGISTRY.get_creator("Local", "1", "registry") is None
    assert local.get_creator("Three", "1", "library") is not None
    assert [c.name for c in local.all_creators] == ["Local"]
    assert {"Local", "Three"} <= {c.name for c in local.all_creators_recursive}
    local.parent_search_enabled = False
    assert not local.parent_search_enabled
    assert local.get_creator("Three", "1", "library") is None
    assert [c.name for c in local.all_creators_recursive] == ["Local"]
    assert local.deregister_creator(creator)


@pytest.mark.parametrize("name", ["x" * 1025])
def test_long_names_are_refused(name: str) -> None:
    assert not REGISTRY.register_creator(One(name), "registry")
    assert not REGISTRY.register_creator(One("Short"), name)
    assert REGISTRY.get_creator(name, "1", "registry") is None


def test_resources_are_cloned_counted_and_released() -> None:
    given = Resource()
    RELEASED.clear()
    first = REGISTRY.acquire_plugin_resource("resource", given)
    assert first.value == 1
    assert REGISTRY.acquire_plugin_resource("resource", Resource(7)) is first
    assert REGISTRY.release_plugin_resource("resource") == 0
    assert RELEASED == []
    assert REGISTRY.release_plugin_resource("resource") == 0
    assert RELEASED == [1]
    assert REGISTRY.release_plugin_resource("resource") != 0
    assert REGISTRY.acquire_plugin_resource("resource", given).value == 1
    assert REGISTRY.release_plugin_resource("resource") == 0


def test_long_keys_of_resources_are_refused() -> None:
    with pytest.raises(Exception):  # noqa: B017  (the bindings' own)
        assert REGISTRY.acquire_plugin_resource("k" * 1025, Resource()) is not None


def test_lists_of_libraries_to_serialize_are_kept() -> None:
    config = Session().config
    config.plugins_to_serialize = ["a.so", "b.so"]
    assert list(config.plugins_to_serialize) == ["a.so", "b.so"]


def test_errors_of_local_registries_go_to_their_owner_s_logger() -> None:
    session = Session()
    assert session.builder.get_plugin_registry().load_library("/nonexistent.so") is None
    assert "cannot load /nonexistent.so" in session.logger.last_error()
