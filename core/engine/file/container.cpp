// Container: layout, and its verification before anything is used.
//   c1  the magic is ours
//   c2  the format version is ours
//   c3  the file has the length it says
//   c4  header and directory have their checksum
//   c5  sections lie where the layout puts them: in order of their ids, each once, aligned, inside the file
//   c6  bytes between sections are zero
//   c7  each section has its checksum
#include "core/engine/file/container.h"

#include <algorithm>
#include <cstring>

#include "core/engine/file/checksum.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr char kMagic[16] = {'t', 'o', 'r', 'c', 'h', 't', 'r', 't', ' ', 'p', 'l', 'a', 'n', '\r', '\n', '\x1a'};
constexpr uint64_t kAlignment = 64;
constexpr uint32_t kMaxSections = 64;

struct Header {
  char magic[16];
  uint32_t version;
  uint32_t sections;
  uint64_t length;
  uint64_t checksum;
};
static_assert(sizeof(Header) == 40);

struct Entry {
  uint32_t id;
  uint32_t zero;
  uint64_t offset;
  uint64_t length;
  uint64_t checksum;
};
static_assert(sizeof(Entry) == 32);

uint64_t aligned(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

ByteSpan bytes_of_object(const auto& object) { return std::as_bytes(std::span(&object, 1)); }

uint64_t checksum_of(Header header, std::span<const Entry> directory) {
  header.checksum = 0;
  return xxh64(std::as_bytes(directory), xxh64(bytes_of_object(header)));
}

Header read_header(ByteSpan file) {
  Header header;
  TORCHTRT_REQUIRE(kCorruptPlan, !file.empty(), "the plan is empty");
  const size_t seen = std::min(file.size(), sizeof kMagic);
  TORCHTRT_REQUIRE(kCorruptPlan, std::memcmp(file.data(), kMagic, seen) == 0,
                   "these bytes are not a plan of the embedded engine. Plans of NVIDIA's TensorRT run on NVIDIA's "
                   "library only (TORCHTRT_PROVIDER=nvidia); to run here, compile the model again");  // c1
  TORCHTRT_REQUIRE(kCorruptPlan, file.size() >= sizeof header, "the plan is cut off after ", file.size(), " bytes");
  std::memcpy(&header, file.data(), sizeof header);
  TORCHTRT_REQUIRE(kCorruptPlan, header.version == kFormatVersion, "the plan has format version ", header.version,
                   "; this library reads version ", kFormatVersion, ". Compile the model again");  // c2
  TORCHTRT_REQUIRE(kCorruptPlan, header.length == file.size(), "the plan says it has ", header.length, " bytes, but ",
                   file.size(), " are here");  // c3
  return header;
}

std::vector<Entry> read_directory(ByteSpan file, const Header& header) {
  TORCHTRT_REQUIRE(kCorruptPlan,
                   header.sections <= kMaxSections && header.sections * sizeof(Entry) <= file.size() - sizeof(Header),
                   "the plan is damaged: ", header.sections, " sections do not fit into it");
  std::vector<Entry> directory(header.sections);
  if (header.sections) std::memcpy(directory.data(), file.data() + sizeof(Header), header.sections * sizeof(Entry));
  TORCHTRT_REQUIRE(kCorruptPlan, checksum_of(header, directory) == header.checksum,
                   "the plan is damaged: its directory has another checksum");  // c4
  return directory;
}

bool all_zero(ByteSpan bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

Bytes write_container(const std::map<SectionId, Section>& sections) {
  std::vector<Entry> directory;
  uint64_t end = sizeof(Header) + sections.size() * sizeof(Entry);
  for (const auto& [id, section] : sections) {
    directory.push_back({static_cast<uint32_t>(id), 0, aligned(end), section.length, 0});
    end = aligned(end) + section.length;
  }
  Bytes file(end);
  auto entry = directory.begin();
  for (const auto& [id, section] : sections) {
    for (const Section::Piece& piece : section.pieces)
      std::copy(piece.bytes.begin(), piece.bytes.end(), file.begin() + entry->offset + piece.offset);
    entry->checksum = xxh64(ByteSpan(file).subspan(entry->offset, entry->length));
    ++entry;
  }
  Header header{{}, kFormatVersion, static_cast<uint32_t>(sections.size()), end, 0};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.checksum = checksum_of(header, directory);
  std::memcpy(file.data(), &header, sizeof header);
  if (!directory.empty()) std::memcpy(file.data() + sizeof header, directory.data(), directory.size() * sizeof(Entry));
  return file;
}

std::map<SectionId, ByteSpan> read_container(ByteSpan file) {
  const Header header = read_header(file);
  uint64_t end = sizeof(Header) + header.sections * sizeof(Entry);
  std::map<SectionId, ByteSpan> sections;
  for (const Entry& entry : read_directory(file, header)) {
    const bool placed = entry.zero == 0 && entry.offset == aligned(end) && entry.offset <= file.size() &&
                        entry.length <= file.size() - entry.offset;
    TORCHTRT_REQUIRE(kCorruptPlan, placed, "the plan is damaged: section ", entry.id, " lies outside it");  // c5
    const auto id = static_cast<SectionId>(entry.id);
    TORCHTRT_REQUIRE(kCorruptPlan, sections.empty() || sections.rbegin()->first < id, "the plan is damaged: section ",
                     entry.id, " is out of order");  // c5
    TORCHTRT_REQUIRE(kCorruptPlan, all_zero(file.subspan(end, entry.offset - end)),
                     "the plan is damaged before section ", entry.id);  // c6
    const ByteSpan bytes = file.subspan(entry.offset, entry.length);
    TORCHTRT_REQUIRE(kCorruptPlan, xxh64(bytes) == entry.checksum, "the plan is damaged: section ", entry.id,
                     " has another checksum");  // c7
    sections.emplace_hint(sections.end(), id, bytes);
    end = entry.offset + entry.length;
  }
  TORCHTRT_REQUIRE(kCorruptPlan, end == file.size(), "the plan is damaged: ", file.size() - end, " bytes too many");
  return sections;
}

}  // namespace torchtrt::engine
