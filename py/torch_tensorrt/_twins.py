"""TwinEnum: an enum whose members have twins in torch, numpy, TensorRT and _C, and its four conversions."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from torch_tensorrt._errors import InputError

Self = TypeVar("Self", bound="TwinEnum")

Twins = Mapping[type, Mapping[str, Any]]
"""Foreign type -> member's name -> that type's word for it. Members without a twin are left out."""


def _path(kind: Any) -> str:
    return f"{getattr(kind, '__module__', '?')}.{getattr(kind, '__qualname__', kind)}"


class TwinEnum(Enum):
    """Subclasses say in `_twins` what corresponds to what; nothing is ever replaced by something near it.

    Members equal their twins, and hash like the twin in torch (where there is one): both can share a set.
    `use_default` never stands in for what cannot be represented: it gives what was not declared its default.
    """

    @classmethod
    def _twins(cls) -> Twins:
        raise NotImplementedError

    @classmethod
    def _error(cls, message: str) -> Exception:
        return InputError(message)

    @classmethod
    def _normal(cls, value: Any) -> Any:
        """The object to look up for what the user wrote."""
        return value

    def _declared(self: Self) -> Self:
        """What this means where nothing was declared."""
        return self

    @classmethod
    def try_from(cls: type[Self], t: Any, use_default: bool = False) -> Self | None:
        """The member that `t` is or corresponds to, or None."""
        if isinstance(t, cls):
            return t
        value = cls._normal(t)
        for foreign, twins in cls._twins().items():
            if isinstance(value, foreign):
                return next((cls[name] for name, twin in twins.items() if twin == value), None)
        return None

    @classmethod
    def _from(cls: type[Self], t: Any, use_default: bool = False) -> Self:
        """The member that `t` is or corresponds to; raises where there is none."""
        member = cls.try_from(t)
        if member is None:
            raise cls._error(
                f"{t!r} ({_path(type(t))}) has no equivalent in torch_tensorrt.{cls.__name__}\n"
                f"  Use one of {', '.join(cls.__members__)}"
            )
        return member

    def try_to(self, t: Any, use_default: bool = False) -> Any | None:
        """What this is in another library (`t`: torch.dtype, tensorrt.DataType, ...), or None."""
        if t is type(self):
            return self
        member = self._declared() if use_default else self
        return self._twins().get(t, {}).get(member.name)

    def to(self, t: Any, use_default: bool = False) -> Any:
        """What this is in another library (`t` is that library's type); raises where it has no such thing."""
        twin = self.try_to(t, use_default)
        if twin is None:
            known = ", ".join(_path(foreign) for foreign in self._twins())
            raise self._error(
                f"{self} has no equivalent in {_path(t)}\n  Types that can be asked for: {known}"
            )
        return twin

    def __eq__(self, other: object) -> bool:
        if isinstance(other, type(self)):
            return self is other
        twin = type(self).try_from(other)
        return NotImplemented if twin is None else self is twin

    def __hash__(self) -> int:
        return hash(self._hash_twin())

    def _hash_twin(self) -> Any:
        return self.name
