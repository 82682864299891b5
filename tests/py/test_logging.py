"""torch_tensorrt.logging: levels of both halves, and where messages go."""

import logging as python_logging
from collections.abc import Iterator
from typing import Any

import pytest
import tensorrt as trt
import torch
import torch_tensorrt
from torch_tensorrt import logging

from tests.py.provider_libraries import run_python

CONTEXTS = [
    (logging.internal_errors, python_logging.CRITICAL, 0),
    (logging.errors, python_logging.ERROR, 1),
    (logging.warnings, python_logging.WARNING, 2),
    (logging.info, python_logging.INFO, 3),
    (logging.debug, python_logging.DEBUG, 4),
    (logging.graphs, logging.GRAPHS, 5),
]


def levels() -> Any:
    logger = python_logging.getLogger("torch_tensorrt")
    return logger.level, list(logger.handlers), torch.ops.tensorrt.get_logging_level()


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = levels()
    yield
    logger = python_logging.getLogger("torch_tensorrt")
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]
    torch.ops.tensorrt.set_logging_level(before[2])


def test_trt_logger_is_one_of_tensorrts() -> None:
    assert isinstance(logging.TRT_LOGGER, trt.ILogger)
    trt.Builder(logging.TRT_LOGGER)
    trt.Runtime(logging.TRT_LOGGER)


@pytest.mark.parametrize(("context", "python_level", "cpp_level"), CONTEXTS)
def test_contexts_set_both_halves_and_restore_them(context: Any, python_level: int, cpp_level: int) -> None:
    before = levels()
    with context():
        assert levels()[0] == python_level and levels()[2] == cpp_level
        with logging.errors():
            assert levels()[0] == python_logging.ERROR
        assert levels()[0] == python_level
    assert levels() == before


def test_contexts_restore_after_an_exception() -> None:
    before = levels()
    with pytest.raises(KeyError), logging.debug():
        raise KeyError
    assert levels() == before


def test_set_level_of_one_logger_leaves_the_rest() -> None:
    before = levels()
    other = python_logging.getLogger("test_logging.other")
    logging.set_level(python_logging.DEBUG, other)
    assert other.level == python_logging.DEBUG and levels() == before


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("INTERNAL_ERROR", "CRITICAL"),
        ("ERROR", "ERROR"),
        ("WARNING", "WARNING"),
        ("INFO", "INFO"),
        ("VERBOSE", "DEBUG"),
    ],
)
def test_engine_messages_are_log_records(severity: str, level: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(python_logging.DEBUG, logger="torch_tensorrt"):
        logging.TRT_LOGGER.log(getattr(trt.Logger, severity), "what it says")
    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("torch_tensorrt.tensorrt", level, "what it says")
    ]


def test_min_severity_follows_the_level() -> None:
    seen: list[str] = []
    for context, _, _ in CONTEXTS:
        with context():
            seen.append(logging.TRT_LOGGER.min_severity.name)
    assert seen == ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE", "VERBOSE"]


def test_messages_go_to_standard_error_only_while_there_is_no_handler() -> None:
    result = run_python("""
import logging, torch_tensorrt
log = logging.getLogger("torch_tensorrt.dynamo")
log.info("not shown")
with torch_tensorrt.logging.info():
    log.info("shown once")
log.info("not shown again")
logging.basicConfig(format="program %(message)s")
with torch_tensorrt.logging.debug():
    log.debug("of the program's handler")
""")
    assert result.stderr.splitlines() == [
        "INFO:torch_tensorrt.dynamo:shown once",
        "program of the program's handler",
    ]
    assert result.stdout == ""


def test_logging_is_at_the_top_level() -> None:
    assert torch_tensorrt.logging is logging
