// PointwiseParts: the two ways to run a chain without a kernel of its own.
#include "core/engine/exec/pointwise_parts.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "core/engine/exec/arena.h"
#include "core/engine/exec/device.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kBlock = 1 << 14;  // elements
constexpr int64_t kLeastBlocks = 8;  // below that everything is in the cache anyway

at::Tensor view(char* data, const at::Tensor& like, std::array<int64_t, 2> sizes, std::array<int64_t, 2> strides) {
  return at::from_blob(data, sizes, strides, at::TensorOptions(like.scalar_type()));
}

}  // namespace

PointwiseParts::PointwiseParts(const Graph& body, at::Device device) : body_(body), device_(device) {
  tensors_.resize(static_cast<size_t>(body.value_count()));
  for (const NodeId id : body.order()) {
    const Node& node = body.node(id);
    if (const auto* constant = as<Constant>(*node.layer)) {
      constants_.push_back(node.outputs[0]);
      weights_.push_back(constant->weights);
      continue;
    }
    parts_.push_back({node.layer.get(),
                      find_kernel(node.layer->kind()),
                      node.inputs,
                      node.outputs[0],
                      body.stale_value(node.outputs[0]).dtype,
                      {}});
    TORCHTRT_REQUIRE(kUnsupported, parts_.back().kernel, "there is no kernel for ", node.layer->kind(), " layers");
  }
  scalars_.resize(constants_.size());
  std::vector<char> used(tensors_.size(), 0);
  for (const ValueId output : body.outputs()) used[static_cast<size_t>(output)] = 1;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
    for (const ValueId input : part->inputs)
      if (!std::exchange(used[static_cast<size_t>(input)], 1)) part->releases.push_back(input);
}

const at::Tensor& PointwiseParts::constant(size_t i, int64_t rank) {
  if (!scalars_[i].defined() || scalars_[i].dim() != rank)
    scalars_[i] = tensor_of(weights_[i], std::vector<int64_t>(static_cast<size_t>(rank), 1), device_);
  return scalars_[i];
}

void PointwiseParts::run_part(const Part& part, std::vector<at::Tensor>& tensors, const at::Tensor& dest) const {
  std::array<const at::Tensor*, 3> inputs{};
  Shape shape;
  for (size_t i = 0; i < part.inputs.size(); ++i) {
    inputs[i] = &tensors[static_cast<size_t>(part.inputs[i])];
    const Shape here(std::span<const int64_t>(inputs[i]->sizes().data(), inputs[i]->sizes().size()));
    shape = i == 0 ? here : broadcast(shape, here);
  }
  std::array<at::Tensor, 1> results{dest};
  Call call({inputs.data(), part.inputs.size()}, results, {&shape, 1}, {}, {&part.type, 1}, device_);
  part.kernel(*part.layer, call);
  if (dest.defined() && !results[0].is_same(dest) && results[0].data_ptr() != dest.data_ptr()) {
    at::Tensor place = dest;
    place.copy_(results[0]);
    results[0] = dest;
  }
  tensors[static_cast<size_t>(part.output)] = std::move(results[0]);
}

void PointwiseParts::run_whole(Call& call) {
  for (int i = 0; i < call.size(); ++i)
    tensors_[static_cast<size_t>(body_.inputs()[static_cast<size_t>(i)])] = call.in(i);
  for (size_t i = 0; i < constants_.size(); ++i)
    tensors_[static_cast<size_t>(constants_[i])] = constant(i, call.out_shape(0).rank());
  for (const Part& part : parts_) {
    const auto output = std::find(body_.outputs().begin(), body_.outputs().end(), part.output);
    const bool last = output != body_.outputs().end();
    run_part(part, tensors_, last ? call.dest(static_cast<int>(output - body_.outputs().begin())) : at::Tensor());
    for (const ValueId value : part.releases) tensors_[static_cast<size_t>(value)].reset();
  }
  for (size_t i = 0; i < body_.outputs().size(); ++i)
    call.set(static_cast<int>(i), tensors_[static_cast<size_t>(body_.outputs()[i])]);
  for (at::Tensor& tensor : tensors_) tensor.reset();
}

bool PointwiseParts::is_large(const Call& call) const { return call.out_shape(0).volume() >= kBlock * kLeastBlocks; }

struct PointwiseParts::Grid {
  PointwiseLayout layout;
  std::vector<at::Tensor> operands;
  std::vector<PointwiseResult> results;
  std::vector<std::vector<int64_t>> strides;  // by operand, then results
  Block block;
  int64_t rows = 1, columns = 1, row_blocks = 1, column_blocks = 1, count = 1;

  void divide() {
    const size_t axes = layout.lengths.size();
    columns = layout.lengths[axes - 1];
    rows = axes > 1 ? layout.lengths[axes - 2] : 1;
    block.columns = std::min(columns, kBlock);
    block.rows = std::clamp<int64_t>(kBlock / block.columns, 1, rows);
    row_blocks = (rows + block.rows - 1) / block.rows;
    column_blocks = (columns + block.columns - 1) / block.columns;
    count = layout.volume / (rows * columns) * row_blocks * column_blocks;
  }
  // Where the block with this number starts: by axis.
  std::vector<int64_t> start(int64_t index) const {
    std::vector<int64_t> at(layout.lengths.size(), 0);
    const size_t axes = at.size();
    at[axes - 1] = index % column_blocks * block.columns;
    index /= column_blocks;
    if (axes == 1) return at;
    at[axes - 2] = index % row_blocks * block.rows;
    index /= row_blocks;
    for (size_t axis = axes - 2; axis-- > 0; index /= layout.lengths[axis]) at[axis] = index % layout.lengths[axis];
    return at;
  }
  // The part of an operand that belongs to a block.
  at::Tensor part(size_t operand, const at::Tensor& whole, const std::vector<int64_t>& at, const Block& size) const {
    const std::vector<int64_t>& steps = strides[operand];
    const size_t axes = steps.size();
    int64_t offset = 0;
    for (size_t axis = 0; axis < axes; ++axis) offset += at[axis] * steps[axis];
    const int64_t row = axes > 1 ? steps[axes - 2] : 0, column = steps[axes - 1];
    char* data = static_cast<char*>(whole.data_ptr()) + offset * static_cast<int64_t>(whole.element_size());
    return view(data, whole, {row ? size.rows : 1, column ? size.columns : 1}, {row ? row : 1, column ? column : 1});
  }
};

void PointwiseParts::run_blocks(Call& call) {
  Grid grid;
  grid.layout = layout_of(call);
  for (int i = 0; i < call.size(); ++i) {
    grid.operands.push_back(operand_of(call, i, grid.layout));
    grid.strides.push_back(grid.layout.strides_of(static_cast<size_t>(i)));
  }
  grid.layout.runs.emplace_back(grid.layout.lengths.size(), 1);  // of results
  for (int i = 0; i < call.result_count(); ++i) {
    grid.results.push_back(result_of(call, i, grid.layout));
    grid.strides.push_back(grid.layout.strides_of(static_cast<size_t>(call.size())));
  }
  grid.divide();
  for (size_t i = 0; i < constants_.size(); ++i) constant(i, 2);
  workers_.resize(std::max<size_t>(workers_.size(), static_cast<size_t>(at::get_num_threads())));
  {
    const ArenaRun::Pause pause;  // how many blocks a thread takes is not the same in every run
    at::parallel_for(0, grid.count, 1, [&](int64_t begin, int64_t end) {
      const RunScope scope(device_, nullptr);
      Worker& worker = workers_[static_cast<size_t>(at::get_thread_num())];
      for (int64_t index = begin; index < end; ++index) run_block(grid, index, worker);
    });
  }
  for (int i = 0; i < call.result_count(); ++i) call.set(i, grid.results[static_cast<size_t>(i)].tensor);
}

void PointwiseParts::run_block(const Grid& grid, int64_t index, Worker& worker) const {
  const std::vector<int64_t> at = grid.start(index);
  const size_t axes = at.size();
  const Block size{std::min(grid.block.rows, grid.rows - (axes > 1 ? at[axes - 2] : 0)),
                   std::min(grid.block.columns, grid.columns - at[axes - 1])};
  worker.tensors.resize(tensors_.size());
  if (worker.scratch.size() != tensors_.size() || worker.block != size) {
    worker.scratch.assign(tensors_.size(), {});
    worker.block = size;
  }
  for (size_t i = 0; i < body_.inputs().size(); ++i)
    worker.tensors[static_cast<size_t>(body_.inputs()[i])] = grid.part(i, grid.operands[i], at, size);
  for (size_t i = 0; i < constants_.size(); ++i) worker.tensors[static_cast<size_t>(constants_[i])] = scalars_[i];
  for (const Part& part : parts_) {
    const auto output = std::find(body_.outputs().begin(), body_.outputs().end(), part.output);
    const auto place = static_cast<size_t>(output - body_.outputs().begin());
    at::Tensor& scratch = worker.scratch[static_cast<size_t>(part.output)];
    if (place < body_.outputs().size()) {
      run_part(part, worker.tensors, grid.part(body_.inputs().size() + place, grid.results[place].lines, at, size));
    } else {
      run_part(part, worker.tensors, scratch);
      const at::Tensor& result = worker.tensors[static_cast<size_t>(part.output)];
      const auto is_view = [&](ValueId input) {
        return result.is_alias_of(worker.tensors[static_cast<size_t>(input)]);
      };
      if (!scratch.defined() && std::none_of(part.inputs.begin(), part.inputs.end(), is_view)) scratch = result;
    }
  }
}

}  // namespace torchtrt::engine
