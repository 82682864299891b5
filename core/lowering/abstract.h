// Abstract: what is known of a value before an engine exists: a constant, a container, or a computed value with
// samples.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <vector>

namespace torchtrt::lowering {

// Note [Samples]: a computed value is known by what it is for the optimal, smallest and largest input shapes (one
// sample where all shapes are fixed). Tensors are sampled on the meta device: types and sizes by torch's own rules, no
// data.
struct Abstract {
  c10::IValue constant;                            // the value itself, where it follows from constants
  torch::jit::Value* value = nullptr;              // computed: its value in the specialised graph
  std::vector<c10::IValue> samples;                // of `value`; empty where it depends on data
  std::shared_ptr<std::vector<Abstract>> items;    // list, tuple, or values of a dict; shared, since lists may grow
  std::shared_ptr<std::vector<c10::IValue>> keys;  // of a dict
  c10::TypePtr type;

  bool is_container() const { return items != nullptr; }
  bool is_constant() const;  // containers: all of their items
  bool is_known() const;     // has samples, or is a constant, or contains only such
  // The value for shape set `k`. Constants of rank 1 and more come as meta tensors where `meta` is set.
  c10::IValue sample(size_t k, bool meta) const;
};

Abstract constant_of(c10::IValue value, c10::TypePtr type = nullptr);
Abstract container_of(std::vector<Abstract> items, c10::TypePtr type);
// A constant list or tuple as a container of its elements; false where it is none.
bool expand_constant(Abstract& abstract);

}  // namespace torchtrt::lowering
