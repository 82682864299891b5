// Libraries that travel with a plan: round trip, damage.
#include "core/engine/file/carried_libraries.h"

#include <gtest/gtest.h>

#include "core/engine/file/cursor.h"

namespace torchtrt::engine {
namespace {

TEST(CarriedLibraries, ComeBack) {
  const CarriedLibraries libraries{{"/a/b.so", std::string("\0code\xff", 6)}, {"", std::string(5000, 'x')}};
  const CarriedLibraries again = read_libraries(write_libraries(libraries));
  ASSERT_EQ(again.size(), libraries.size());
  for (size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].path, libraries[i].path);
    EXPECT_EQ(again[i].content, libraries[i].content);
  }
  EXPECT_TRUE(read_libraries(write_libraries({})).empty());
}

TEST(CarriedLibraries, SectionsThatEndEarlyOrLateAreRefused) {
  const Bytes whole = write_libraries({{"/a.so", "code"}, {"/b.so", "more code"}});
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(read_libraries(ByteSpan(whole).first(length)), Error) << length;
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_THROW(read_libraries(longer), Error);
}

TEST(CarriedLibraries, CountsAndLengthsBeyondTheSectionAreRefused) {
  for (const uint64_t number : {uint64_t{3}, uint64_t{1} << 40, ~uint64_t{0}}) {
    for (const int field : {0, 1, 2}) {
      Writer out;
      out.put(field == 0 ? number : uint64_t{1});
      out.put(field == 1 ? number : uint64_t{0});
      out.put(field == 2 ? number : uint64_t{0});
      EXPECT_THROW(read_libraries(out.take()), Error) << field << ' ' << number;
    }
  }
}

TEST(CarriedLibraries, FilesThatCannotBeReadAreNamed) {
  try {
    read_library_files({"/nonexistent/a.so"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find("/nonexistent/a.so"), std::string::npos);
  }
}

}  // namespace
}  // namespace torchtrt::engine
