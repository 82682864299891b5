// The info list: reading, writing, and each of its constraints.
#include "core/runtime/engine_info.h"

#include <gtest/gtest.h>

#include "core/runtime/base64.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

std::vector<std::string> sample() {
  return {"10",
          "engine",
          "-1%0%0%2%CPU",
          std::string("\0plan\xff", 6),
          "x%y",
          "out",
          "0",
          "bWV0YQ==",
          "linux_x86_64",
          "0",
          "1",
          "0",
          ""};
}

// The message of the Error that parse() throws.
std::string refusal(const std::vector<std::string>& fields) {
  try {
    EngineInfo::parse(fields);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptPlan);
    return error.what();
  }
  ADD_FAILURE() << "was accepted";
  return "";
}

void expect_refused(InfoField field, const std::string& value, const std::string& word) {
  std::vector<std::string> fields = sample();
  fields[field] = value;
  const std::string message = refusal(fields);
  EXPECT_NE(message.find(word), std::string::npos) << message;
}

TEST(EngineInfo, ReadsEveryField) {
  const EngineInfo info = EngineInfo::parse(sample());
  EXPECT_EQ(info.name, "engine");
  EXPECT_EQ(info.engine.size(), 6u);
  EXPECT_EQ(info.inputs, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(info.outputs, (std::vector<std::string>{"out"}));
  EXPECT_TRUE(info.dynamic_resources);
  EXPECT_FALSE(info.requires_output_allocator);
}

TEST(EngineInfo, WritesWhatItRead) { EXPECT_EQ(EngineInfo::parse(sample()).fields(), sample()); }

TEST(EngineInfo, TextCarriesBinaryBytes) {
  const std::vector<std::string> text = to_text(sample());
  EXPECT_EQ(text[ENGINE_IDX].find('\0'), std::string::npos);
  EXPECT_EQ(from_text(text), sample());
}

TEST(EngineInfo, RefusesWrongFieldCount) {  // c1
  std::vector<std::string> fields = sample();
  fields.pop_back();
  EXPECT_NE(refusal(fields).find("12 fields, expected 13"), std::string::npos);
}

TEST(EngineInfo, RefusesOtherAbi) { expect_refused(ABI_TARGET_IDX, "8", "ABI 8"); }                       // c2
TEST(EngineInfo, RefusesFlagsThatAreNone) { expect_refused(HW_COMPATIBLE_IDX, "yes", "HW_COMPATIBLE"); }  // c3
TEST(EngineInfo, RefusesDoubleNames) { expect_refused(INPUT_BINDING_NAMES_IDX, "x%x", "twice"); }         // c4
TEST(EngineInfo, RefusesEmptyNames) { expect_refused(OUTPUT_BINDING_NAMES_IDX, "a%%b", "empty"); }        // c4
TEST(EngineInfo, RefusesUnknownAliases) { expect_refused(ALIASED_IO_IDX, "out@z@kv", "ALIASED_IO"); }     // c6
TEST(EngineInfo, RefusesMalformedAliases) { expect_refused(ALIASED_IO_IDX, "out@x", "ALIASED_IO"); }      // c6

TEST(EngineInfo, RefusesToJoinNamesWithTheDelimiter) {
  EXPECT_THROW(join_names({"a%b"}), Error);
  EXPECT_THROW(join_names({""}), Error);
}

TEST(EngineInfo, SplitKeepsEmptyParts) {
  EXPECT_TRUE(split("", '%').empty());
  EXPECT_EQ(split("a%", '%'), (std::vector<std::string>{"a", ""}));
}

TEST(Base64, IsRfc4648) {
  const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
}

TEST(Base64, RefusesWhatItDidNotWrite) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zm9*", "Zg==Zg==", "Z=9v"}) {
    EXPECT_THROW(decode_base64(text), Error) << text;
  }
}

}  // namespace
}  // namespace torchtrt::runtime
