// The provider as a C++ program finds it; what needs libraries of its own is tested in tests/py/test_provider.py.
#include "core/provider/library.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/util/error.h"

namespace torchtrt::provider {
namespace {

TEST(Choice, WordsGoBothWays) {
  for (const Choice choice : {Choice::kAuto, Choice::kNvidia, Choice::kEmbedded})
    EXPECT_EQ(choice_of(name_of(choice)), choice);
  EXPECT_THROW(choice_of("cuda"), Error);
}

TEST(DefaultRequest, ReadsTheEnvironment) {
  ASSERT_EQ(::setenv("TORCHTRT_PROVIDER", "embedded", 1), 0);
  EXPECT_EQ(default_request().choice, Choice::kEmbedded);
  ASSERT_EQ(::setenv("TORCHTRT_PROVIDER", "", 1), 0);
  EXPECT_EQ(default_request().choice, Choice::kAuto);
  ASSERT_EQ(::unsetenv("TORCHTRT_PROVIDER"), 0);
  EXPECT_EQ(default_request().choice, Choice::kAuto);
}

TEST(DefaultRequest, FindsTheEmbeddedEngineBesideTheLibrary) {
  const std::string tail = "/embedded/" + std::to_string(interface_major());
  EXPECT_TRUE(default_request().embedded_folder.ends_with(tail)) << default_request().embedded_folder;
}

TEST(Load, TellsWhereItLookedForTheEmbeddedEngine) {
  if (is_loaded()) GTEST_SKIP() << "another test of this program has loaded the provider already";
  const Request request{
      .choice = Choice::kEmbedded, .nvidia_folders = {}, .embedded_folder = "/no/such", .cuda_usable = false};
  try {
    load(request);
    FAIL() << "loaded from /no/such";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidState);
    EXPECT_NE(std::string(error.what()).find("/no/such"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace torchtrt::provider
