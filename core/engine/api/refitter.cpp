// Refitter: weights by layer and role, or by name; which are missing; the exchange.
//   c1  layer and role, or the name, are those of weights that may be exchanged
//   c2  type and count are those of the original
//   c3  weights that the engine lacks are all given before it is refitted
#include "core/engine/api/refitter.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "core/engine/api/engine.h"
#include "core/engine/api/twins.h"
#include "core/engine/exec/device_weights.h"
#include "core/engine/graph/known_weights.h"

namespace torchtrt::engine::api {
namespace {

nv::WeightsRole role_of(std::string_view attribute) {
  const auto found = std::find(kWeightsRoles.begin(), kWeightsRoles.end(), attribute);
  return static_cast<nv::WeightsRole>(found - kWeightsRoles.begin());
}

std::string title(const RefittableWeights& row) {
  if (!row.name.empty()) return join("weights \"", row.name, '"');
  return join("weights ", row.role, " of layer \"", row.layer, '"');
}

}  // namespace

Refitter::Refitter(CudaEngine& engine, const Report& report)
    : engine_(engine), report_(report), rows_(engine.plan()->source->weights) {
  mImpl = this;
}

const RefittableWeights* Refitter::named(const char* name) const {
  if (!name || !*name) return nullptr;
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const auto& row) { return row.name == name; });
  return found == rows_.end() ? nullptr : &*found;
}

// c2
void Refitter::check(const RefittableWeights& wanted, const nv::Weights& given) const {
  TORCHTRT_REQUIRE(kInvalidArgument, given.values, title(wanted), " are at address null");
  TORCHTRT_REQUIRE(kInvalidArgument, given.count == wanted.count && ours(given.type) == wanted.dtype, title(wanted),
                   " were built with ", wanted.count, " elements of ", wanted.dtype, "; ", given.count, " of ",
                   ours(given.type), " were given");
}

bool Refitter::setWeights(const char* layer, nv::WeightsRole role, const nv::Weights weights) noexcept {
  return report_.attempt("IRefitter::setWeights", [&] {
    const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const auto& row) {
      return layer && row.layer == layer && (role == nv::WeightsRole::kANY || role_of(row.role) == role);
    });
    TORCHTRT_REQUIRE(kInvalidArgument, found != rows_.end(), "layer \"", layer ? layer : "(null)",
                     "\" has no weights of role ", static_cast<int>(role),
                     " that may be exchanged; getAll names those there are");  // c1
    check(*found, weights);
    given_[static_cast<size_t>(found - rows_.begin())] = {weights};
  });
}

bool Refitter::setNamedWeights(const char* name, nv::Weights weights) noexcept {
  return setNamedWeightsWithLocation(name, weights, nv::TensorLocation::kHOST);
}

// A name may belong to weights of several layers, which are the same weights.
bool Refitter::setNamedWeightsWithLocation(const char* name, nv::Weights weights,
                                           nv::TensorLocation location) noexcept {
  return report_.attempt("IRefitter::setNamedWeights", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, named(name), "there are no weights \"", name ? name : "(null)",
                     "\" that may be exchanged; getAllWeights names those there are");  // c1
    TORCHTRT_REQUIRE(kInvalidArgument, location == nv::TensorLocation::kHOST || location == nv::TensorLocation::kDEVICE,
                     "TensorLocation ", static_cast<int>(location), " does not exist");
    check(*named(name), weights);
    for (size_t i = 0; i < rows_.size(); ++i)
      if (rows_[i].name == name) given_[i] = {weights, location};
  });
}

nv::Weights Refitter::getNamedWeights(const char* name) const noexcept {
  const RefittableWeights* row = named(name);
  const auto found = row ? given_.find(static_cast<size_t>(row - rows_.data())) : given_.end();
  if (found != given_.end()) return found->second.weights;
  report_.error("IRefitter::getNamedWeights", nv::ErrorCode::kINVALID_ARGUMENT,
                join("weights \"", name ? name : "(null)", "\" were not set"));
  return {nv::DataType::kFLOAT, nullptr, 0};
}

nv::TensorLocation Refitter::getWeightsLocation(const char* name) const noexcept {
  const RefittableWeights* row = named(name);
  const auto found = row ? given_.find(static_cast<size_t>(row - rows_.data())) : given_.end();
  return found == given_.end() ? nv::TensorLocation::kHOST : found->second.location;
}

bool Refitter::unsetNamedWeights(const char* name) noexcept {
  bool any = false;
  for (size_t i = 0; i < rows_.size(); ++i)
    if (name && *name && rows_[i].name == name) any = given_.erase(i) > 0 || any;
  return any;
}

nv::Weights Refitter::getWeightsPrototype(const char* name) const noexcept {
  return report_.guard("IRefitter::getWeightsPrototype", nv::Weights{nv::DataType::kFLOAT, nullptr, -1}, [&] {
    const RefittableWeights* row = named(name);
    return row ? nv::Weights{theirs(row->dtype), nullptr, row->count} : nv::Weights{nv::DataType::kFLOAT, nullptr, -1};
  });
}

std::vector<size_t> Refitter::missing() const {
  std::vector<size_t> rows;
  const auto now = engine_.plan();
  for (size_t i = 0; i < rows_.size(); ++i)
    if (now->source->weights[i].absent && !given_.contains(i)) rows.push_back(i);
  return rows;
}

int32_t Refitter::list(const std::vector<size_t>& rows, int32_t size, const char** layers,
                       nv::WeightsRole* roles) const {
  for (size_t i = 0; i < rows.size() && static_cast<int64_t>(i) < size; ++i) {
    if (layers) layers[i] = engine_.keep(rows_[rows[i]].layer);
    if (roles) roles[i] = role_of(rows_[rows[i]].role);
  }
  return static_cast<int32_t>(rows.size());
}

// Each name once; null for weights without one.
int32_t Refitter::list_names(const std::vector<size_t>& rows, int32_t size, const char** names) const {
  std::set<std::string> seen;
  int32_t count = 0;
  for (const size_t row : rows) {
    const std::string& name = rows_[row].name;
    if (!name.empty() && !seen.insert(name).second) continue;
    if (count < size && names) names[count] = name.empty() ? nullptr : engine_.keep(name);
    ++count;
  }
  return count;
}

int32_t Refitter::getMissing(int32_t size, const char** layers, nv::WeightsRole* roles) noexcept {
  return report_.guard("IRefitter::getMissing", 0, [&] { return list(missing(), size, layers, roles); });
}

int32_t Refitter::getAll(int32_t size, const char** layers, nv::WeightsRole* roles) noexcept {
  return report_.guard("IRefitter::getAll", 0, [&] {
    std::vector<size_t> rows(rows_.size());
    std::iota(rows.begin(), rows.end(), size_t{0});
    return list(rows, size, layers, roles);
  });
}

int32_t Refitter::getMissingWeights(int32_t size, const char** names) noexcept {
  return report_.guard("IRefitter::getMissingWeights", 0, [&] { return list_names(missing(), size, names); });
}

int32_t Refitter::getAllWeights(int32_t size, const char** names) noexcept {
  return report_.guard("IRefitter::getAllWeights", 0, [&] {
    std::vector<size_t> rows(rows_.size());
    std::iota(rows.begin(), rows.end(), size_t{0});
    return list_names(rows, size, names);
  });
}

// What is as it was already, is not copied, or given up again.
std::map<size_t, engine::Weights> Refitter::changed(const Plan& plan, void* stream) const {
  const std::vector<engine::Weights> present = present_weights(*plan.source);
  std::map<size_t, engine::Weights> fresh;
  for (const auto& [row, given] : given_) {
    if (given.is_in_engine) continue;
    const int device = given.location == nv::TensorLocation::kDEVICE ? engine_.device() : -1;
    const bool on_device = device >= 0;
    engine::Weights weights = ours(given.weights);
    if (on_device) weights = copy_weights(weights, device, stream);
    const bool same = are_equal(weights, present[row]);
    if (same && !plan.source->weights[row].absent) continue;
    fresh[row] = same ? present[row] : on_device ? weights : copy_weights(weights, -1, stream);
  }
  return fresh;
}

bool Refitter::refit(const char* function, std::optional<void*> stream) noexcept {
  return report_.attempt(function, [&] {
    const std::vector<size_t> absent = missing();
    TORCHTRT_REQUIRE(kInvalidState, absent.empty(), title(rows_[absent.front()]), " and ", absent.size() - 1,
                     " others are missing; give all that getMissing names before refitting");  // c3
    const std::scoped_lock lock(engine_.refits());
    const auto now = engine_.plan();
    const std::map<size_t, engine::Weights> fresh = changed(*now, stream.value_or(nullptr));
    if (!fresh.empty()) engine_.exchange(engine::refit(*now, fresh), stream);
    for (auto& named : given_) named.second.is_in_engine = true;
  });
}

bool Refitter::refitCudaEngine() noexcept { return refit("IRefitter::refitCudaEngine", std::nullopt); }

// Runs that are queued already keep the plan before, those that are queued from now on have the new one; the host waits
// for the stream only where weights are to be read from the device.
bool Refitter::refitCudaEngineAsync(cudaStream_t stream) noexcept {
  return refit("IRefitter::refitCudaEngineAsync", stream);
}

bool Refitter::setMaxThreads(int32_t threads) noexcept {
  return report_.attempt("IRefitter::setMaxThreads", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, threads >= 1, threads, " threads, expected at least 1");
    threads_ = threads;
  });
}

bool Refitter::releaseRefitResources() noexcept { return true; }  // nothing is kept between refits

bool Refitter::setDynamicRange(const char* tensor, float, float) noexcept {
  report_.error("IRefitter::setDynamicRange", nv::ErrorCode::kINVALID_ARGUMENT,
                join("tensor \"", tensor ? tensor : "(null)", "\" has no dynamic range; quantize with layers"));
  return false;
}

float Refitter::getDynamicRangeMin(const char* tensor) const noexcept {
  report_.error("IRefitter::getDynamicRangeMin", nv::ErrorCode::kINVALID_ARGUMENT,
                join("tensor \"", tensor ? tensor : "(null)", "\" has no dynamic range"));
  return 0;
}

float Refitter::getDynamicRangeMax(const char* tensor) const noexcept {
  report_.error("IRefitter::getDynamicRangeMax", nv::ErrorCode::kINVALID_ARGUMENT,
                join("tensor \"", tensor ? tensor : "(null)", "\" has no dynamic range"));
  return 0;
}

int32_t Refitter::getTensorsWithDynamicRange(int32_t, const char**) const noexcept { return 0; }

nv::IRefitter* make_refitter(CudaEngine& engine, nv::ILogger* logger) {
  Report report(logger);
  report.set_recorder(engine.getErrorRecorder());
  return report.guard("createInferRefitter", static_cast<nv::IRefitter*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kUnsupported, engine.isRefittable() && engine.plan()->source,
                     "the engine is not refittable; build it with builder flag kREFIT");
    return new Refitter(engine, report);
  });
}

}  // namespace torchtrt::engine::api
