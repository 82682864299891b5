// Network: add functions of layers that make or move tensors.
#include <algorithm>

#include "core/engine/api/network.h"
#include "core/engine/api/shells/shaping.h"
#include "core/engine/api/shells/sources.h"

namespace torchtrt::engine::api {
namespace {

constexpr int32_t kMostConcatenated = 10000;

}  // namespace

nv::IConstantLayer* Network::addConstant(const nv::Dims& dimensions, nv::Weights weights) noexcept {
  return add<ConstantShell>("INetworkDefinition::addConstant", [&] {
    return Constant{ours(weights), shape_of(dimensions)};
  });
}

nv::IFillLayer* Network::addFill(const nv::Dims& dimensions, nv::FillOperation op) noexcept {
  return addFillV2(dimensions, op, nv::DataType::kFLOAT);
}

nv::IFillLayer* Network::addFillV2(const nv::Dims& dimensions, nv::FillOperation op, nv::DataType type) noexcept {
  return add<FillShell>("INetworkDefinition::addFill", [&] {
    Fill fill;
    fill.shape = FillShell::checked(dimensions);
    fill.op = ours(op);
    fill.to_type = ours(type);
    return fill;
  });
}

nv::IShapeLayer* Network::addShape(nv::ITensor& input) noexcept {
  return add<ShapeShell>(
      "INetworkDefinition::addShape", [] { return ShapeOf{}; }, input);
}

nv::IShuffleLayer* Network::addShuffle(nv::ITensor& input) noexcept {
  return add<ShuffleShell>(
      "INetworkDefinition::addShuffle", [] { return Shuffle{}; }, input);
}

nv::ISqueezeLayer* Network::addSqueeze(nv::ITensor& input, nv::ITensor& axes) noexcept {
  return add<SqueezeShell>(
      "INetworkDefinition::addSqueeze", [] { return Squeeze{}; }, input, axes);
}

nv::ISqueezeLayer* Network::addSqueezeV2(nv::ITensor& input, nv::ITensor* axes) noexcept {
  if (axes) return addSqueeze(input, *axes);
  const auto of_ones = [&] {
    const Shape& shape = graph_.value(id_of(input)).shape;
    Squeeze op{.axes = std::vector<int64_t>{}};
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (shape[axis] == 1) op.axes->push_back(axis);
    return op;
  };
  return add<SqueezeShell>("INetworkDefinition::addSqueezeV2", of_ones, input);
}

nv::IUnsqueezeLayer* Network::addUnsqueeze(nv::ITensor& input, nv::ITensor& axes) noexcept {
  return add<UnsqueezeShell>(
      "INetworkDefinition::addUnsqueeze", [] { return Unsqueeze{}; }, input, axes);
}

nv::ISliceLayer* Network::addSlice(nv::ITensor& input, const nv::Dims& start, const nv::Dims& size,
                                   const nv::Dims& stride) noexcept {
  return add<SliceShell>(
      "INetworkDefinition::addSlice",
      [&] {
        Slice op;
        op.start = list_of_dims(start);
        op.size = SliceLists::sizes(size);
        op.stride = list_of_dims(stride);
        return op;
      },
      input);
}

nv::IConcatenationLayer* Network::addConcatenation(nv::ITensor* const* inputs, int32_t count) noexcept {
  return add_list<ConcatenationShell>(
      "INetworkDefinition::addConcatenation",
      [&] {
        TORCHTRT_REQUIRE(kInvalidArgument, count <= kMostConcatenated, count, " inputs; at most ", kMostConcatenated,
                         " can be concatenated");
        const auto ids = ids_of(inputs, count);
        return Concatenation{std::max(0, graph_.value(ids.front()).shape.rank() - 3)};
      },
      inputs, count);
}

nv::IGatherLayer* Network::addGather(nv::ITensor& data, nv::ITensor& indices, int32_t axis) noexcept {
  return add<GatherShell>(
      "INetworkDefinition::addGather",
      [&] {
        TORCHTRT_REQUIRE(kInvalidArgument, axis >= 0, "axis ", axis, " is negative");
        return Gather{GatherMode::kDefault, axis, 0};
      },
      data, indices);
}

nv::IGatherLayer* Network::addGatherV2(nv::ITensor& data, nv::ITensor& indices, nv::GatherMode mode) noexcept {
  return add<GatherShell>(
      "INetworkDefinition::addGatherV2",
      [&] {
        return Gather{ours(mode), 0, 0};
      },
      data, indices);
}

nv::IPaddingLayer* Network::addPaddingNd(nv::ITensor& input, const nv::Dims& pre, const nv::Dims& post) noexcept {
  return add<PaddingShell>(
      "INetworkDefinition::addPaddingNd",
      [&] {
        return Padding{PaddingShell::checked(pre), PaddingShell::checked(post)};
      },
      input);
}

nv::IResizeLayer* Network::addResize(nv::ITensor& input) noexcept {
  return add<ResizeShell>(
      "INetworkDefinition::addResize", [] { return Resize{}; }, input);
}

}  // namespace torchtrt::engine::api
