"""The container of plans as bytes: XXH64, and sections taken apart and put together again (container.h)."""

from __future__ import annotations

import struct

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
HEADER, ENTRY = struct.Struct("<16sIIQQ"), struct.Struct("<IIQQQ")
ALIGNMENT = 64


def _rotated(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & MASK


def _round(lane: int, value: int) -> int:
    return _rotated((lane + value * P2) & MASK, 31) * P1 & MASK


def xxh64(data: bytes, seed: int = 0) -> int:
    at, end = 0, len(data)
    if end < 32:
        h = (seed + P5) & MASK
    else:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        for block in struct.iter_unpack("<4Q", data[: end // 32 * 32]):
            lanes = [_round(lane, value) for lane, value in zip(lanes, block, strict=True)]
        at = end // 32 * 32
        h = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            h = ((h ^ _round(0, lane)) * P1 + P4) & MASK
    h = (h + end) & MASK
    while at + 8 <= end:
        h = (_rotated(h ^ _round(0, int.from_bytes(data[at : at + 8], "little")), 27) * P1 + P4) & MASK
        at += 8
    if at + 4 <= end:
        h = (_rotated(h ^ int.from_bytes(data[at : at + 4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        h = _rotated(h ^ byte * P5 & MASK, 11) * P1 & MASK
    h = (h ^ h >> 33) * P2 & MASK
    h = (h ^ h >> 29) * P3 & MASK
    return h ^ h >> 32


def sections_of(plan: bytes) -> dict[int, bytes]:
    count = HEADER.unpack_from(plan)[2]
    entries = [ENTRY.unpack_from(plan, HEADER.size + i * ENTRY.size) for i in range(count)]
    return {number: plan[offset : offset + length] for number, _, offset, length, _ in entries}


def container_of(sections: dict[int, bytes], like: bytes) -> bytes:
    """A whole plan, with right lengths and checksums."""
    magic, version, *_ = HEADER.unpack_from(like)
    end = HEADER.size + len(sections) * ENTRY.size
    directory, body = b"", b""
    for number, data in sections.items():
        offset = -(-end // ALIGNMENT) * ALIGNMENT
        directory += ENTRY.pack(number, 0, offset, len(data), xxh64(data))
        body += bytes(offset - end) + data
        end = offset + len(data)
    header = HEADER.pack(magic, version, len(sections), end, 0)
    return HEADER.pack(magic, version, len(sections), end, xxh64(directory, xxh64(header))) + directory + body
