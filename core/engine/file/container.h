// Container: sections of bytes in one file, every byte of which is covered by a checksum.
//
//   offset  length
//        0      16  magic
//       16       4  format version
//       20       4  number of sections
//       24       8  length of the file
//       32       8  checksum of the header (this field zero) and the directory
//       40     32n  directory: id (4), zero (4), offset (8), length (8), checksum (8)
//        .       .  sections in the order of the directory, each at a multiple of 64, zeros between
//
// Little endian. Checksums are XXH64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace torchtrt::engine {

inline constexpr uint32_t kFormatVersion = 2;

enum class SectionId : uint32_t { kAbout = 1, kGraph = 2, kProfiles = 3, kWeights = 4, kRefit = 5, kLibraries = 6 };

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;

// A section to be written: bytes of other memory at offsets in it, zeros between. Large weights are copied once only.
struct Section {
  struct Piece {
    uint64_t offset;
    ByteSpan bytes;
  };
  uint64_t length = 0;
  std::vector<Piece> pieces;

  Section() = default;
  Section(const Bytes& bytes) : length(bytes.size()), pieces{{0, bytes}} {}
};

Bytes write_container(const std::map<SectionId, Section>& sections);
// Throws kCorruptPlan for anything that write_container did not write. The spans point into `file`.
std::map<SectionId, ByteSpan> read_container(ByteSpan file);

}  // namespace torchtrt::engine
