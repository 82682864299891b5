// The builder's settings for a compile request, and the build itself.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <string>
#include <vector>

#include "core/conversion/convert.h"

namespace torchtrt::conversion {

// Sizes of one binding over the declared shapes.
struct BindingRange {
  std::string name;
  std::vector<int64_t> min, opt, max;
  bool is_dynamic() const { return min != max; }
};

std::vector<BindingRange> ranges_of(const ir::TypedGraph& graph, const Segment& segment);

// Explicit batch, strongly typed: precision comes from the model.
std::unique_ptr<nvinfer1::INetworkDefinition> make_network(nvinfer1::IBuilder& builder);

// The serialised engine; throws kExecution where the builder gives none.
std::string build(nvinfer1::IBuilder& builder, nvinfer1::INetworkDefinition& network,
                  const std::vector<BindingRange>& ranges, const ir::CompileSpec& spec);

}  // namespace torchtrt::conversion
