"""What became of the int64 and float64 values of a model, as the compiler reports it."""

import warnings
from dataclasses import dataclass
from typing import Any

from torch_tensorrt._errors import DtypeNarrowingWarning


@dataclass(frozen=True)
class DtypeRow:
    """One value: its name, where the model uses it, and what was decided for which reason."""

    value: str
    where: str
    kind: str
    """input, constant, computed or bound"""
    from_dtype: str
    to_dtype: str
    decision: str
    """KEEP, NARROW (proved), NARROW (unproved), CLAMP or FALLBACK"""
    proof: str
    cause: str


@dataclass(frozen=True)
class DtypeReport:
    """The rows of one compilation; `str()` is a table."""

    rows: tuple[DtypeRow, ...] = ()
    text: str = ""
    warning: str = ""
    """The sentence of the DtypeNarrowingWarning, empty where nothing was narrowed without proof."""

    def __str__(self) -> str:
        return self.text or "no int64 or float64 values"

    def narrowed(self) -> tuple[DtypeRow, ...]:
        """The rows of values that became a smaller type."""
        return tuple(row for row in self.rows if row.decision.startswith("NARROW"))


_last = DtypeReport()


def last_dtype_report() -> DtypeReport:
    """The report of this process's latest compilation through `torch_tensorrt.ts`."""
    return _last


def remember(report: tuple[list[dict[str, Any]], str, str]) -> DtypeReport:
    """The report of the C++ half; gives the one warning of a compilation."""
    global _last
    rows, text, warning = report
    _last = DtypeReport(tuple(DtypeRow(**row) for row in rows), text, warning)
    if warning:
        warnings.warn(warning, DtypeNarrowingWarning, stacklevel=4)
    return _last
