// Binding: one input or output of an engine, what the engine says about it and what a context was last told.
#pragma once

#include <ATen/core/TensorBody.h>
#include <NvInferRuntime.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/runtime/engine_info.h"

namespace torchtrt::runtime {

struct Range {
  std::vector<int64_t> min;
  std::vector<int64_t> max;

  bool holds(at::IntArrayRef sizes) const;
};

struct Binding {
  std::string name;
  at::ScalarType dtype;
  bool on_host = false;       // address is host memory also where the engine runs on CUDA
  bool value_shapes = false;  // input whose values decide output shapes
  std::vector<int64_t> dims;  // -1: known at run time only
  std::vector<Range> ranges;  // of an input: per optimization profile; a fixed length is its own range
  bool fixed = false;         // no -1 in dims

  // What the context was last told (inputs) or answered (outputs).
  std::vector<int64_t> shape;
  bool shape_set = false;
  void* address = nullptr;
  std::vector<char> values;  // of value_shapes inputs on the host

  void forget();
};

struct Bindings {
  std::vector<Binding> inputs;   // in the order of the arguments
  std::vector<Binding> outputs;  // in the order of the results
};

// Reads the bindings of `engine`, in the order of info's names; where info names none, writes the engine's own order
// into it. Throws Error when the names are not exactly the engine's.
Bindings read_bindings(const nvinfer1::ICudaEngine& engine, EngineInfo& info);

// A JSON list of objects with name, dtype, shape, host, and for inputs min and max per profile.
std::string to_json(const std::vector<Binding>& bindings);

// "float32 [2, 3]"
std::string describe(const at::Tensor& tensor);
// "float32 [1..8, 3] (profile 0)": what input number `profile` allows.
std::string describe(const Binding& binding, int profile);

}  // namespace torchtrt::runtime
