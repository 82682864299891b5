// PointwiseParts: the two ways to run a chain without a kernel of its own.
#include "core/engine/exec/pointwise_parts.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "core/engine/exec/arena.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kBlock = 1 << 14;  // elements
constexpr int64_t kLeastBlocks = 8;  // below that everything is in the cache anyway

at::Tensor view(char* data, const at::Tensor& like, std::array<int64_t, 2> sizes, std::array<int64_t, 2> strides) {
  return at::from_blob(data, sizes, strides, at::TensorOptions(like.scalar_type()));
}

at::Tensor copied(const at::Tensor& from, at::Tensor to) {
  if (from.data_ptr() != to.data_ptr()) to.copy_(from);
  return to;
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
    Part part;
    part.layer = node.layer.get();
    part.kernel = find_kernel(node.layer->kind());
    part.inputs = node.inputs;
    part.output = node.outputs[0];
    part.type = body.stale_value(part.output).dtype;
    part.is_view =
        (as<Cast>(*part.layer) || as<Identity>(*part.layer)) && body.stale_value(part.inputs[0]).dtype == part.type;
    parts_.push_back(std::move(part));
    TORCHTRT_REQUIRE(kUnsupported, parts_.back().kernel, "there is no kernel for ", node.layer->kind(), " layers");
  }
  scalars_.resize(constants_.size());
  plan_releases();
}

// A value may be written over by its last user, unless it is, or something else is, another look at the same memory.
void PointwiseParts::plan_releases() {
  std::vector<char> used(tensors_.size(), 0), kept(tensors_.size(), 1);
  for (const Part& part : parts_) kept[static_cast<size_t>(part.output)] = 0;
  for (const Part& part : parts_)
    if (part.is_view) kept[static_cast<size_t>(part.output)] = kept[static_cast<size_t>(part.inputs[0])] = 1;
  for (const ValueId output : body_.outputs()) used[static_cast<size_t>(output)] = 1;
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part)
    for (const ValueId input : part->inputs) {
      if (std::exchange(used[static_cast<size_t>(input)], 1)) continue;
      part->releases.push_back(input);
      if (!kept[static_cast<size_t>(input)] && body_.stale_value(input).dtype == part->type) part->replaced = input;
    }
}

bool PointwiseParts::is_output(ValueId value, size_t& place) const {
  place =
      static_cast<size_t>(std::find(body_.outputs().begin(), body_.outputs().end(), value) - body_.outputs().begin());
  return place < body_.outputs().size();
}

const at::Tensor& PointwiseParts::constant(size_t i, int64_t rank) {
  if (!scalars_[i].defined() || scalars_[i].dim() != rank)
    scalars_[i] = upload(tensor_of(weights_[i], std::vector<int64_t>(static_cast<size_t>(rank), 1), at::kCPU), device_);
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
  if (dest.defined() && !results[0].is_same(dest)) results[0] = copied(results[0], dest);
  tensors[static_cast<size_t>(part.output)] = std::move(results[0]);
}

// The value that a part may write over, if it has all elements.
at::Tensor PointwiseParts::replaced(const Part& part, const std::vector<at::Tensor>& tensors,
                                    c10::IntArrayRef sizes) const {
  if (part.replaced == kNoId) return {};
  const at::Tensor& old = tensors[static_cast<size_t>(part.replaced)];
  return old.sizes() == sizes && old.is_contiguous() ? old : at::Tensor();
}

// The result of a part, undefined if it is a view of an input.
at::Tensor PointwiseParts::unless_view(const Part& part, const std::vector<at::Tensor>& tensors) const {
  const at::Tensor& result = tensors[static_cast<size_t>(part.output)];
  const auto is_view = [&](ValueId input) { return result.is_alias_of(tensors[static_cast<size_t>(input)]); };
  return std::none_of(part.inputs.begin(), part.inputs.end(), is_view) ? result : at::Tensor();
}

void PointwiseParts::run_whole(Call& call) {
  for (int i = 0; i < call.size(); ++i)
    tensors_[static_cast<size_t>(body_.inputs()[static_cast<size_t>(i)])] = call.in(i);
  for (size_t i = 0; i < constants_.size(); ++i)
    tensors_[static_cast<size_t>(constants_[i])] = constant(i, call.out_shape(0).rank());
  for (const Part& part : parts_) {
    size_t place = 0;
    const bool last = is_output(part.output, place);
    at::Tensor dest = last ? call.dest(static_cast<int>(place)) : at::Tensor();
    if (!dest.defined()) dest = replaced(part, tensors_, call.out_sizes(0));
    run_part(part, tensors_, dest);
    for (const ValueId value : part.releases) tensors_[static_cast<size_t>(value)].reset();
  }
  for (size_t i = 0; i < body_.outputs().size(); ++i)
    call.set(static_cast<int>(i), tensors_[static_cast<size_t>(body_.outputs()[i])]);
  for (at::Tensor& tensor : tensors_) tensor.reset();
}

bool PointwiseParts::gains_by_blocks(const Call& call) const {
  return parts_.size() > 1 && call.out_shape(0).volume() >= kBlock * kLeastBlocks;
}

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
    grid.strides.push_back(grid.layout.strides[static_cast<size_t>(i)]);
  }
  for (int i = 0; i < call.result_count(); ++i) {
    grid.results.push_back(result_of(call, i, grid.layout));
    grid.strides.push_back(grid.layout.dense_strides());
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
    size_t place = 0;
    if (is_output(part.output, place)) {
      run_part(part, worker.tensors, grid.part(body_.inputs().size() + place, grid.results[place].lines, at, size));
    } else if (const at::Tensor dest = replaced(part, worker.tensors, {size.rows, size.columns}); dest.defined()) {
      run_part(part, worker.tensors, dest);
    } else {
      at::Tensor& scratch = worker.scratch[static_cast<size_t>(part.output)];
      run_part(part, worker.tensors, scratch);
      if (!scratch.defined()) scratch = unless_view(part, worker.tensors);
    }
  }
}

}  // namespace torchtrt::engine
