// Conversion: a list of nodes of a typed graph becomes a network, and the network a serialised engine.
#pragma once

#include <NvInfer.h>

#include <string>
#include <vector>

#include "core/ir/spec.h"
#include "core/ir/typed_graph.h"

namespace torchtrt::conversion {

// Which part of a graph becomes one engine. Values of numbers that cross the border are made again inside.
struct Segment {
  std::vector<const torch::jit::Node*> nodes;     // in an order in which values are made before they are used
  std::vector<const torch::jit::Value*> inputs;   // tensors
  std::vector<const torch::jit::Value*> outputs;  // tensors
  std::vector<std::string> input_names;           // of the bindings
  std::vector<std::string> output_names;
};

struct SerializedEngine {
  std::string plan;
  std::vector<std::string> input_names;
  std::vector<std::string> output_names;
  // Types that the bindings have in torch's words: declared types, but float32 for float64.
  std::vector<at::ScalarType> input_dtypes;
  std::vector<at::ScalarType> output_dtypes;
};

// The whole graph as one segment: names of inputs from the signature, outputs "output0", "output1", ...
Segment whole(const ir::TypedGraph& graph);

// Throws where a node cannot be converted or the engine not be built.
SerializedEngine convert(const ir::TypedGraph& graph, const Segment& segment, const ir::CompileSpec& spec,
                         nvinfer1::IBuilder& builder);

}  // namespace torchtrt::conversion
