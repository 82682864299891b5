// XXH64: the checksum of plan files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace torchtrt::engine {

uint64_t xxh64(std::span<const std::byte> bytes, uint64_t seed = 0);

}  // namespace torchtrt::engine
