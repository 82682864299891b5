// torch.classes.tensorrt.CompileSpec: a compile request that TorchScript can carry and save.
#pragma once

#include <torch/custom_class.h>

#include <string>
#include <vector>

#include "core/compiler.h"

namespace torchtrt::api {

// The request is kept as the words that made it, so that its saved form is the same list.
class CompileSpecObject : public torch::CustomClassHolder {
 public:
  CompileSpecObject() = default;
  explicit CompileSpecObject(const std::vector<std::string>& words);

  void append_input(const std::vector<int64_t>& min, const std::vector<int64_t>& opt, const std::vector<int64_t>& max,
                    const std::string& dtype, bool declared, const std::string& name);
  void set_list_lengths(const std::vector<int64_t>& lengths);
  void set_flag(const std::string& name, bool value);
  void set_number(const std::string& name, int64_t value);

  const CompileRequest& request() const { return request_; }
  const std::vector<std::string>& words() const { return words_; }
  std::string to_string() const;

 private:
  void apply(const std::string& word);

  CompileRequest request_;
  std::vector<std::string> words_;
};

}  // namespace torchtrt::api
