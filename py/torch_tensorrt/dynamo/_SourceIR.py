"""Which front end a node comes from; user converters pass it on to the building blocks."""

from enum import Enum, auto


class SourceIR(Enum):
    """Origin of a node."""

    NN = auto()
    ACC = auto()
    ATEN = auto()
    PRIM = auto()
    TORCHTRT_LOWERED = auto()
    UNKNOWN = auto()

    def __str__(self) -> str:
        return self.name.lower()
