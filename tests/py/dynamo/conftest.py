"""What tests of the dynamo front end share."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def own_converters() -> Iterator[None]:
    """Converters that this test registers are gone behind it."""
    from torch_tensorrt.dynamo.conversion import DYNAMO_ATEN_CONVERTERS

    before = {target: list(entries) for target, entries in DYNAMO_ATEN_CONVERTERS.items()}
    yield
    DYNAMO_ATEN_CONVERTERS.clear()
    DYNAMO_ATEN_CONVERTERS.update(before)
