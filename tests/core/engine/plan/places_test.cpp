// Places: nothing overlaps what is needed at the same time, and nothing is wasted where it is easy.
#include "core/engine/plan/places.h"

#include <gtest/gtest.h>

#include <random>

namespace torchtrt::engine {
namespace {

// Lives that begin one behind the other and last up to `longest`.
std::vector<Life> random_lives(size_t count, int longest, int64_t most) {
  std::mt19937 numbers(static_cast<unsigned>(count));
  std::vector<Life> lives;
  for (int i = 0; i < static_cast<int>(count); ++i)
    lives.push_back({static_cast<int64_t>(numbers() % static_cast<unsigned>(most)) + 1, i,
                     i + static_cast<int>(numbers() % static_cast<unsigned>(longest))});
  return lives;
}

void expect_apart(const std::vector<Life>& lives, const Places& places, int64_t alignment, size_t longest) {
  ASSERT_EQ(places.begins.size(), lives.size());
  for (size_t i = 0; i < lives.size(); ++i) {
    EXPECT_EQ(places.begins[i] % alignment, 0);
    EXPECT_LE(places.begins[i] + lives[i].bytes, places.bytes);
    for (size_t j = i + 1; j < std::min(lives.size(), i + longest + 1) && lives[j].first <= lives[i].last; ++j)
      EXPECT_TRUE(places.begins[i] + lives[i].bytes <= places.begins[j] ||
                  places.begins[j] + lives[j].bytes <= places.begins[i])
          << i << ' ' << j;
  }
}

TEST(PlacesTest, NothingOverlaps) {
  for (const size_t count : {0, 1, 2, 50, 500, 6000}) {  // the last in order of time
    const std::vector<Life> lives = random_lives(count, 12, 5000);
    expect_apart(lives, place(lives, 64), 64, 12);
  }
}

TEST(PlacesTest, AChainNeedsTwoOfItsTensors) {
  std::vector<Life> lives;
  for (int i = 0; i < 10; ++i) lives.push_back({1000 * (i + 1), i, i + 1});
  const Places places = place(lives, 1);
  EXPECT_EQ(places.bytes, 10000 + 9000);
}

}  // namespace
}  // namespace torchtrt::engine
