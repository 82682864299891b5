// Containers above 4 GiB: offsets and lengths are 64-bit numbers, and none of them may wrap around.
// Files are virtual: pages that hold zeros only take no memory.
#include "core/engine/file/container.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "core/engine/file/checksum.h"
#include "core/engine/file/weights_section.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kHeader = 40, kEntry = 32;

struct Entry {
  uint32_t id, zero;
  uint64_t offset, length, checksum;
};

// Zeros without memory behind them, but where something is written.
class Sparse {
 public:
  explicit Sparse(uint64_t length) : length_(length) {
    memory_ = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error("no address space");
  }
  ~Sparse() { munmap(memory_, length_); }
  Sparse(const Sparse&) = delete;

  std::byte* data() const { return static_cast<std::byte*>(memory_); }
  ByteSpan bytes() const { return {data(), length_}; }
  void put(uint64_t offset, const auto& value) { std::memcpy(data() + offset, &value, sizeof value); }

 private:
  void* memory_;
  uint64_t length_;
};

// Header and directory with their checksum, as an attacker can write them too.
void write_directory(Sparse& file, const std::vector<Entry>& entries) {
  const Bytes empty = write_container({});  // magic and version
  std::memcpy(file.data(), empty.data(), kHeader);
  file.put(20, static_cast<uint32_t>(entries.size()));
  file.put(24, file.bytes().size());
  file.put(32, uint64_t{0});
  const auto directory = std::as_bytes(std::span(entries));
  std::copy(directory.begin(), directory.end(), file.data() + kHeader);
  file.put(32, xxh64(file.bytes().subspan(kHeader, entries.size() * kEntry), xxh64(file.bytes().first(kHeader))));
}

std::string refusal_of(ByteSpan file) {
  try {
    read_container(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptPlan);
    return error.what();
  }
  return "";
}

// Two sections of three bytes at 128 and 192, right in every way before `change` has had its turn.
std::string refusal_after(const std::function<void(std::vector<Entry>&)>& change) {
  Sparse file(195);
  const uint64_t checksum = xxh64(file.bytes().subspan(128, 3));
  std::vector<Entry> entries = {{2, 0, 128, 3, checksum}, {4, 0, 192, 3, checksum}};
  change(entries);
  write_directory(file, entries);
  return refusal_of(file.bytes());
}

TEST(Container, SectionsBehind4GiB) {
  constexpr uint64_t kFirst = 4 * kGiB + 5, kSecondAt = 128 + 4 * kGiB + 64;
  Sparse file(kSecondAt + 7);
  file.put(128 + 4 * kGiB, 'x');  // where 32 bits would have started again
  std::memcpy(file.data() + kSecondAt, "weights", 7);
  write_directory(file, {{2, 0, 128, kFirst, xxh64(file.bytes().subspan(128, kFirst))},
                         {4, 0, kSecondAt, 7, xxh64(file.bytes().subspan(kSecondAt))}});
  const auto sections = read_container(file.bytes());
  ASSERT_EQ(sections.size(), 2u);
  EXPECT_EQ(sections.at(SectionId::kGraph).size(), kFirst);
  EXPECT_EQ(sections.at(SectionId::kWeights).data(), file.data() + kSecondAt);
  EXPECT_EQ(std::memcmp(sections.at(SectionId::kWeights).data(), "weights", 7), 0);
  file.put(128 + 4 * kGiB + 4, 'y');
  EXPECT_NE(refusal_of(file.bytes()).find("section 2 has another checksum"), std::string::npos);  // c7
}

TEST(Container, TheLengthOfTheFileHas64Bits_c3) {
  Sparse file(kHeader);
  write_directory(file, {});
  EXPECT_EQ(refusal_of(file.bytes()), "");
  file.put(24, kHeader + 4 * kGiB);
  EXPECT_NE(refusal_of(file.bytes()).find("says it has 4294967336 bytes"), std::string::npos);
}

TEST(Container, TheDirectoryFits) {
  Sparse file(kHeader);
  write_directory(file, {});
  for (const uint32_t count : {1u, 64u, 65u, 1u << 27, ~0u}) {  // 2^27 entries have 4 GiB
    file.put(20, count);
    EXPECT_NE(refusal_of(file.bytes()).find("do not fit"), std::string::npos) << count;
  }
}

TEST(Container, LengthsDoNotWrapAround_c5) {
  EXPECT_EQ(refusal_after([](auto&) {}), "");
  const uint64_t lengths[] = {4,                  // one byte too many
                              3 + 4 * kGiB,       // 3, were it cut to 32 bits
                              uint64_t{0} - 192,  // ends at 0
                              ~uint64_t{0}, uint64_t{1} << 63};
  for (const uint64_t length : lengths)
    EXPECT_NE(refusal_after([&](auto& entries) { entries[1].length = length; }).find("section 4 lies outside"),
              std::string::npos)
        << length;
  for (const uint64_t length : {uint64_t{0} - 128, uint64_t{0} - 64, ~uint64_t{0}})  // the next one starts again
    EXPECT_NE(refusal_after([&](auto& entries) { entries[0].length = length; }).find("section 2 lies outside"),
              std::string::npos)
        << length;
}

TEST(Container, OffsetsDoNotWrapAround_c5) {
  const uint64_t offsets[] = {0, 128, 191, 193, 256, 192 + 4 * kGiB, uint64_t{0} - 64, ~uint64_t{0}};
  for (const uint64_t offset : offsets)
    EXPECT_NE(refusal_after([&](auto& entries) { entries[1].offset = offset; }).find("section 4 lies outside"),
              std::string::npos)
        << offset;
}

TEST(Container, SectionsStandInOrder_c5) {
  EXPECT_NE(refusal_after([](auto& entries) { std::swap(entries[0], entries[1]); }).find("section 4 lies outside"),
            std::string::npos);
  EXPECT_NE(refusal_after([](auto& entries) { std::swap(entries[0].id, entries[1].id); }).find("out of order"),
            std::string::npos);
  EXPECT_NE(refusal_after([](auto& entries) { entries[1].id = 2; }).find("out of order"), std::string::npos);
  EXPECT_NE(refusal_after([](auto& entries) { entries[1].zero = 1; }).find("section 4 lies outside"),
            std::string::npos);
}

// ---- weights inside their section

Weights of(DType type, int64_t count, const void* data) { return {type, count, data, nullptr, "w"}; }

TEST(WeightsSection, Behind4GiBAreWhereTheyAreSaidToBe) {
  const Sparse memory(5 * kGiB);
  WeightsWriter weights;
  Writer out;
  weights.put(out, of(DType::kFloat32, kGiB + 1, memory.data()));
  weights.put(out, of(DType::kInt8, 3, memory.data() + 4 * kGiB + 64));
  weights.put(out, of(DType::kFloat32, kGiB + 1, memory.data()));
  EXPECT_EQ(weights.section().length, 4 * kGiB + 64 + 3);
  ASSERT_EQ(weights.section().pieces.size(), 2u);  // the same memory once
  EXPECT_EQ(weights.section().pieces[1].offset, 4 * kGiB + 64);
  const Bytes written = out.take();
  Cursor in(written);
  for (const uint64_t offset : {uint64_t{0}, 4 * kGiB + 64, uint64_t{0}}) {
    in.get<DType>();
    in.get<int64_t>();
    in.get<std::string>();
    EXPECT_EQ(in.get<uint64_t>(), offset);
  }
}

TEST(WeightsSection, PlacesDoNotWrapAround) {
  const Bytes section(128);
  const auto is_refused = [&](DType type, int64_t count, uint64_t offset) {
    Writer out;
    out.put(type);
    out.put(count);
    out.put(std::string("w"));
    out.put(offset);
    const Bytes written = out.take();
    Cursor in(written);
    try {
      WeightsReader(section).get(in);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kCorruptPlan;
    }
    return false;
  };
  EXPECT_FALSE(is_refused(DType::kFloat32, 16, 64));
  EXPECT_FALSE(is_refused(DType::kInt4, 256, 0));
  EXPECT_TRUE(is_refused(DType::kFloat32, 17, 64));
  EXPECT_TRUE(is_refused(DType::kInt4, 257, 0));
  EXPECT_TRUE(is_refused(DType::kFloat32, 16, 32));               // not aligned
  EXPECT_TRUE(is_refused(DType::kFloat32, 1, 64 + 4 * kGiB));     // 64, were it cut to 32 bits
  EXPECT_TRUE(is_refused(DType::kFloat32, 1, uint64_t{0} - 64));  // ends behind the wrap
  EXPECT_TRUE(is_refused(DType::kFloat32, int64_t{1} << 62, 0));  // 2^64 bytes
  EXPECT_TRUE(is_refused(DType::kInt64, (int64_t{1} << 61) + 1, 0));
  EXPECT_TRUE(is_refused(DType::kFloat32, -1, 0));
  EXPECT_TRUE(is_refused(DType::kFloat32, int64_t{1} << 62, ~uint64_t{0}));  // left out, of no possible size
}

}  // namespace
}  // namespace torchtrt::engine
