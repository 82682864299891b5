"""Every numbered constraint of a layer kind is cited in its code and by a test that violates it.

The header of `core/engine/layers/<stem>.cpp` opens with "// <Kind>: ..." and lists constraints c1, c2, ... A
C++ test cites by its name (`TEST(Gather, C6C7Element)`), a Python test by "Gather c6" in an id, a comment or
a docstring; in
`test_<stem>.py` and `test_<stem>_<more>.py` the kind goes without saying: `"c6"`, `# c6`,
`def test_c6_...`. "plan c1" means another file.
"""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "core/engine"
LAYERS = ENGINE / "layers"
CONSTRAINT = re.compile(r"^//   c(\d+)(?: to c(\d+))?\s+\S")


def header(source: Path) -> list[str]:
    """The comment that the file opens with."""
    lines = source.read_text().splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return lines[:end]


@cache
def constraints() -> dict[str, tuple[Path, list[int]]]:
    """By kind: its file and the numbers listed there."""
    found = {}
    for source in sorted(LAYERS.glob("*.cpp")):
        lines = map(CONSTRAINT.match, header(source))
        numbers = [n for line in lines if line for n in range(int(line[1]), int(line[2] or line[1]) + 1)]
        if numbers:
            kind = re.match(r"// (\w+)[:,]", header(source)[0])
            assert kind, f"{source.name} lists constraints but does not open with its kind"
            found[kind[1]] = source, numbers
    return found


def files_of(source: Path, deep: bool = True) -> set[Path]:
    """The file, what it includes from the folder, and what its header refers to."""
    named = re.findall(r'#include "core/engine/([\w/]+)\.h"', source.read_text())
    found = {source, *(ENGINE / f"{name}.{suffix}" for name in named for suffix in ("h", "cpp"))}
    for name in re.findall(r"\b([\w/]+\.cpp)\b", "\n".join(header(source))):
        for path in {ENGINE / name, LAYERS / name}:
            found |= files_of(path, deep=False) if deep and path.exists() else {path}
    return {path for path in found if path.exists()}


def numbers_in(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", text)}


@cache
def cited_in_cpp() -> dict[str, set[int]]:
    """By test suite: numbers in names of its tests. A typed suite cites for each of its kinds."""
    found: dict[str, set[int]] = {}
    for path in sorted((ROOT / "tests/core/engine").rglob("*.cpp")):
        text = path.read_text()
        types = dict(re.findall(r"using (\w+) = ::testing::Types<([\w, ]+)>", text))
        suites = {
            suite: re.findall(r"\w+", types[name])
            for suite, name in re.findall(r"TYPED_TEST_SUITE\((\w+), (\w+)\)", text)
        }
        for suite, numbers in re.findall(r"TEST(?:_F|_P)?\((\w+), ((?:C\d+)+)", text):
            for kind in suites.get(suite, [suite]):
                found.setdefault(kind, set()).update(numbers_in(numbers))
    return found


def citation(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?i)\b(?:{kind})[ -](c\d+(?:(?:, | and )c\d+)*)\b")


def kind_of(path: Path) -> str | None:
    """The kind that goes without saying in `test_<stem>.py` and `test_<stem>_<more>.py`."""
    stems = {source.stem: kind for kind, (source, _) in constraints().items()}
    fitting = [stem for stem in stems if f"{path.stem}_".startswith(f"test_{stem}_")]
    return stems[max(fitting, key=len)] if fitting else None


@cache
def cited_in_python() -> dict[str, set[int]]:
    """By kind. This file's own examples do not count."""
    found: dict[str, set[int]] = {kind: set() for kind in constraints()}
    for path in sorted((ROOT / "tests/engine").glob("test_*.py")):
        if path == Path(__file__):
            continue
        text = path.read_text()
        for kind in found:
            for numbers in citation(kind).findall(text):
                found[kind] |= numbers_in(numbers)
        if kind := kind_of(path):
            rest = citation("|".join(found)).sub("", text)
            for comment in re.findall(r"#(.*)$", rest, re.M):
                found[kind] |= numbers_in(" ".join(re.findall(r"(?<!plan )\bc\d+\b", comment)))
            found[kind] |= numbers_in(" ".join(re.findall(r'"c\d+\b|\bdef test_c\d+(?=_)', rest)))
    return found


def cited(kind: str) -> set[int]:
    return cited_in_cpp().get(kind, set()) | cited_in_python()[kind]


@pytest.mark.parametrize("kind", constraints())
def test_numbers_count_up(kind: str) -> None:
    source, numbers = constraints()[kind]
    assert numbers == list(range(1, len(numbers) + 1)), source


@pytest.mark.parametrize("kind", constraints())
def test_the_code_cites_each_constraint(kind: str) -> None:
    source, numbers = constraints()[kind]
    code = "\n".join(re.sub(r"(?m)^//.*$", "", path.read_text()) for path in sorted(files_of(source)))
    comments = " ".join(re.findall(r"//.*$", code, re.M))
    named = numbers_in(" ".join(re.findall(r"\bc\d+\b", comments)))
    missing = sorted(set(numbers) - named)
    assert not missing, f"{source} does not cite {', '.join(f'c{n}' for n in missing)}"


@pytest.mark.parametrize("kind", constraints())
def test_a_test_cites_each_constraint(kind: str) -> None:
    source, numbers = constraints()[kind]
    missing = sorted(set(numbers) - cited(kind))
    assert not missing, f"no test violates {kind} {', '.join(f'c{n}' for n in missing)} ({source})"


@pytest.mark.parametrize("kind", constraints())
def test_tests_cite_what_is_there(kind: str) -> None:
    _, numbers = constraints()[kind]
    assert cited(kind) <= set(numbers), f"{kind} has no such constraints"
