// Bindings: addresses, input shapes and allocators that a context was given, checked when they are set.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string_view>
#include <vector>

#include "core/engine/exec/context.h"
#include "core/engine/exec/program.h"

namespace torchtrt::engine {

struct Bound {
  void* address = nullptr;
  std::optional<Shape> shape;  // of an input, as set by the user
  std::optional<OutputAllocator> allocator;
  // The tensor over the address, as long as neither it nor the shape changes.
  at::Tensor tensor;
  void* wrapped_address = nullptr;
};

class Bindings {
 public:
  explicit Bindings(const Plan& plan) : plan_(plan), bound_(plan.bindings.size()) {}

  int count() const { return static_cast<int>(bound_.size()); }
  const Binding& binding(int i) const { return plan_.bindings[i]; }
  Bound& operator[](int i) { return bound_[i]; }
  const Bound& operator[](int i) const { return bound_[i]; }
  // Throws kInvalidArgument with the names there are.
  int index_of(std::string_view name) const;
  int input_index_of(std::string_view name) const;
  int output_index_of(std::string_view name) const;

  // Whether something changed.
  bool set_shape(int input, const Shape& shape, int profile);
  void set_address(int i, void* address);
  void forget_shapes();

  // The set shape, or what the engine and the profile fix; kUnknown where neither does.
  Shape input_shape(int input, int profile) const;
  // Inputs whose shape, or shape value's address, is missing.
  std::vector<std::string> missing(int profile) const;
  // Throws where an output has neither an address nor an allocator. Shape outputs may go without.
  void require_outputs() const;
  // Everything a program depends on; `missing` must be empty. Throws where a value leaves the profile's range or
  // equally named dimensions differ.
  ProgramKey key(int profile) const;

 private:
  const InputRange& range(int input, int profile) const;
  HostValue host_value(int input, int profile) const;
  void check_names(const ProgramKey& key) const;

  const Plan& plan_;
  std::vector<Bound> bound_;
};

}  // namespace torchtrt::engine
