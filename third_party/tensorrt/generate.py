"""Writes the headers of one major version of the interface, and the test of their layout.

python third_party/tensorrt/generate.py --major 10            write the committed files
python third_party/tensorrt/generate.py --major 10 --check    fail if they differ from a fresh run
python third_party/tensorrt/generate.py --major 10 --out DIR  write elsewhere
"""

import argparse
import sys
from pathlib import Path

from abi import HERE, Abi
from headers import header_texts
from layout import layout_test

ROOT = HERE.parent.parent


def outputs(major: int, out: Path | None) -> dict[Path, str]:
    """Path -> content of every generated file."""
    abi = Abi(major)
    headers = out or HERE / "include" / str(major)
    test = (out or ROOT / "tests" / "core" / "interface" / str(major)) / "layout_test.cpp"
    return {**{headers / name: text for name, text in header_texts(abi).items()}, test: layout_test(abi)}


def stale(files: dict[Path, str]) -> list[Path]:
    """Files that are absent or differ from what was generated."""
    return [path for path, text in files.items() if not path.exists() or path.read_text() != text]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--major", type=int, choices=(10, 11), default=10)
    parser.add_argument("--out", type=Path, help="folder to write to instead of the repository's places")
    parser.add_argument("--check", action="store_true", help="compare only")
    args = parser.parse_args()
    files = outputs(args.major, args.out)
    differing = stale(files)
    if args.check:
        for path in differing:
            print(f"{path} differs from a fresh run of third_party/tensorrt/generate.py", file=sys.stderr)
        return 1 if differing else 0
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
