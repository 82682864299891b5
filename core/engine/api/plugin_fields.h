// Plugin fields as bytes, and back.
#pragma once

#include <NvInferRuntime.h>

#include <deque>
#include <string>
#include <vector>

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Throws kInvalidArgument for fields with a bad type, a negative length, or a length without data.
std::string write_fields(const nv::PluginFieldCollection& fields);

// Fields with memory of their own; data is aligned for every type.
class FieldList {
 public:
  // Throws kCorruptPlan for anything that write_fields did not write.
  explicit FieldList(const std::string& bytes);
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;
  const nv::PluginFieldCollection& collection() const { return collection_; }

 private:
  struct Held {
    std::string name;
    std::vector<std::max_align_t> data;
  };
  std::deque<Held> held_;
  std::vector<nv::PluginField> fields_;
  nv::PluginFieldCollection collection_;
};

}  // namespace torchtrt::engine::api
