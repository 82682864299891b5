// The small parts of the runtime: traces, modes, types, error capture, output memory.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/runtime/logger.h"
#include "core/runtime/modes.h"
#include "core/runtime/output_allocator.h"
#include "core/runtime/traces.h"
#include "core/runtime/types.h"
#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

TEST(Trace, WritesBothFormats) {
  Trace trace;
  trace.add("a \"b\"", 1.0f);
  trace.add("c", 3.0f);
  EXPECT_EQ(trace.to_json("perfetto"),
            "[{\"name\": \"a \\\"b\\\"\", \"ph\": \"X\", \"pid\": 0, \"tid\": 0, \"ts\": 0, \"dur\": 1000},\n"
            " {\"name\": \"c\", \"ph\": \"X\", \"pid\": 0, \"tid\": 0, \"ts\": 1000, \"dur\": 3000}]\n");
  EXPECT_NE(trace.to_json("trex").find("\"percentage\": 75"), std::string::npos);
}

TEST(WriteFile, ReplacesAndReportsThePath) {
  const std::string path = testing::TempDir() + "runtime_parts_test.json";
  write_file(path, "old");
  write_file(path, "new");
  std::ifstream file(path);
  std::string text;
  file >> text;
  EXPECT_EQ(text, "new");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
  std::filesystem::remove(path);
  EXPECT_THROW(write_file("/no/such/folder/file", ""), Error);
}

TEST(Modes, CudaGraphsModeIsOneOfThree) {
  set_cudagraphs_mode(1);
  EXPECT_EQ(cudagraphs_mode(), CudaGraphsMode::kSubgraph);
  EXPECT_THROW(set_cudagraphs_mode(3), Error);
  set_cudagraphs_mode(0);
  EXPECT_EQ(cudagraphs_mode(), CudaGraphsMode::kStandard);
}

TEST(Types, FollowTheTable) {
  EXPECT_EQ(scalar_type_of(nvinfer1::DataType::kBF16), at::kBFloat16);
  EXPECT_EQ(scalar_type_of(nvinfer1::DataType::kINT64), at::kLong);
  EXPECT_EQ(name_of(at::kHalf), "float16");
  EXPECT_THROW(scalar_type_of(nvinfer1::DataType::kINT4), Error);
}

TEST(Types, DimsHaveALimit) {
  const std::vector<int64_t> sizes(nvinfer1::Dims::MAX_DIMS + 1, 1);
  EXPECT_EQ(to_sizes(to_dims(sizes.data(), 8)).size(), 8u);
  EXPECT_THROW(to_dims(sizes.data(), sizes.size()), Error);
}

TEST(ErrorCapture, GathersErrorsOfTheInnermost) {
  using Severity = nvinfer1::ILogger::Severity;
  ErrorCapture outer;
  {
    ErrorCapture inner;
    engine_logger().log(Severity::kERROR, "first");
    engine_logger().log(Severity::kINFO, "no error");
    engine_logger().log(Severity::kINTERNAL_ERROR, "second");
    EXPECT_EQ(inner.text(), "first\nsecond");
  }
  EXPECT_EQ(outer.text(), "the engine gave no reason");
}

TEST(OutputAllocator, GivesTheShapeTheEngineTold) {
  OutputAllocator allocator(at::kLong, at::kCPU);
  auto* memory = static_cast<int64_t*>(allocator.reallocateOutputAsync("y", nullptr, 80, 0, nullptr));
  memory[0] = 7;
  nvinfer1::Dims dims{};
  dims.nbDims = 2;
  dims.d[0] = 1;
  dims.d[1] = 2;
  allocator.notifyShape("y", dims);
  const at::Tensor out = allocator.take("y");
  EXPECT_EQ(out.sizes(), at::IntArrayRef({1, 2}));
  EXPECT_EQ(out.const_data_ptr<int64_t>()[0], 7);
  EXPECT_THROW(allocator.take("y"), Error) << "the shape belonged to the run before";
}

TEST(OutputAllocator, EmptyOutputsHaveTheirShape) {
  OutputAllocator allocator(at::kFloat, at::kCPU);
  allocator.reallocateOutputAsync("y", nullptr, 1, 0, nullptr);
  nvinfer1::Dims dims{};
  dims.nbDims = 2;
  dims.d[1] = 5;
  allocator.notifyShape("y", dims);
  EXPECT_EQ(allocator.take("y").sizes(), at::IntArrayRef({0, 5}));
}

}  // namespace
}  // namespace torchtrt::runtime
