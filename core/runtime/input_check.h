// What is said when an input does not fit an engine. Off the hot path: called when an input differs from the last one.
#pragma once

#include <string>

#include "core/runtime/binding.h"

namespace torchtrt::runtime {

// Constraints on inputs, cited in the tests; each failure names engine, input, position, expected and actual, a cure:
//   c1  as many inputs as the engine has
//   c2  defined, dense tensors
//   c3  on the engine's device (shape values may also be on the CPU)
//   c4  of the binding's type
//   c5  of the binding's rank
//   c6  fixed lengths are equal
//   c7  other lengths lie inside the range of the active profile
[[noreturn]] void throw_count(const std::string& engine, const std::vector<Binding>& inputs, size_t count);

// c2 to c5.
void check_tensor(const std::string& engine, const Binding& binding, size_t position, const at::Tensor& tensor,
                  at::Device device);
// c6, c7. The rank is known to agree.
void check_lengths(const std::string& engine, const Binding& binding, size_t position, at::IntArrayRef sizes,
                   int profile);

}  // namespace torchtrt::runtime
