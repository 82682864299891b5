// OptimizationProfile: checks of each call, and the whole as the build reads it.
#include "core/engine/api/profile.h"

#include <algorithm>

#include "core/engine/api/twins.h"
#include "core/util/span.h"

namespace torchtrt::engine::api {
namespace {

constexpr int32_t kMostValues = 64;

size_t position(nv::OptProfileSelector select) {
  const int number = static_cast<int>(select);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::OptProfileSelector>(),
                   "OptProfileSelector ", number, " does not exist");
  return static_cast<size_t>(number);
}

// Whether lists known so far are of one length and ascend from MIN over OPT to MAX.
template <class List>
bool ascends(const std::array<std::optional<List>, 3>& lists) {
  for (size_t low = 0; low < 3; ++low)
    for (size_t high = low + 1; high < 3; ++high) {
      if (!lists[low] || !lists[high]) continue;
      if (!std::equal(lists[low]->begin(), lists[low]->end(), lists[high]->begin(), lists[high]->end(),
                      [](int64_t a, int64_t b) { return a <= b; }))
        return false;
    }
  return true;
}

template <class List>
bool complete(const std::array<std::optional<List>, 3>& lists) {
  const auto given = std::count_if(lists.begin(), lists.end(), [](const auto& list) { return list.has_value(); });
  return given == 0 || given == 3;
}

constexpr const char* kOrder = "; ranks have to be equal and MIN <= OPT <= MAX for each number";

}  // namespace

OptimizationProfile::Entry& OptimizationProfile::entry(const char* input) {
  TORCHTRT_REQUIRE(kInvalidArgument, input && *input, "the name of the input is null or empty");
  return entries_[input];
}

const OptimizationProfile::Entry* OptimizationProfile::find(const char* input) const {
  const auto found = input ? entries_.find(input) : entries_.end();
  return found == entries_.end() ? nullptr : &found->second;
}

bool OptimizationProfile::setDimensions(const char* input, nv::OptProfileSelector select,
                                        const nv::Dims& dims) noexcept {
  return report_.attempt("IOptimizationProfile::setDimensions", [&] {
    const size_t at = position(select);
    const Shape shape = shape_of(dims);
    for (const int64_t length : shape)
      TORCHTRT_REQUIRE(kInvalidArgument, length >= 0, "input \"", input ? input : "", "\": dimensions ", shape,
                       " have a negative length; a profile needs numbers");
    auto shapes = entry(input).shapes;
    shapes[at] = shape;
    TORCHTRT_REQUIRE(kInvalidArgument, ascends(shapes), "input \"", input, "\": dimensions ", shape,
                     " contradict those set before", kOrder);
    entry(input).shapes = shapes;
  });
}

nv::Dims OptimizationProfile::getDimensions(const char* input, nv::OptProfileSelector select) const noexcept {
  return report_.guard("IOptimizationProfile::getDimensions", no_dims(), [&] {
    const Entry* found = find(input);
    const auto at = position(select);
    return found && found->shapes[at] ? dims_of(*found->shapes[at]) : no_dims();
  });
}

template <class T>
bool OptimizationProfile::set_values(const char* function, const char* input, nv::OptProfileSelector select,
                                     const T* values, int32_t count) noexcept {
  return report_.attempt(function, [&] {
    const size_t at = position(select);
    TORCHTRT_REQUIRE(kInvalidArgument, values && count >= 1 && count <= kMostValues, "input \"", input ? input : "",
                     "\": ", count, " values, expected 1 to ", kMostValues);
    constexpr bool narrow = sizeof(T) == 4;
    Entry changed = entry(input);
    if (changed.is_narrow != narrow) changed.values = {}, changed.narrow = {};
    changed.is_narrow = narrow;
    changed.values[at] = Values(values, values + count);
    if constexpr (narrow) changed.narrow[at].assign(values, values + count);
    TORCHTRT_REQUIRE(kInvalidArgument, ascends(changed.values), "input \"", input, "\": values ",
                     list_of(*changed.values[at]), " contradict those set before", kOrder);
    entry(input) = std::move(changed);
  });
}

bool OptimizationProfile::setShapeValues(const char* input, nv::OptProfileSelector select, const int32_t* values,
                                         int32_t count) noexcept {
  return set_values("IOptimizationProfile::setShapeValues", input, select, values, count);
}

bool OptimizationProfile::setShapeValuesV2(const char* input, nv::OptProfileSelector select, const int64_t* values,
                                           int32_t count) noexcept {
  return set_values("IOptimizationProfile::setShapeValuesV2", input, select, values, count);
}

int32_t OptimizationProfile::getNbShapeValues(const char* input) const noexcept {
  const Entry* found = find(input);
  if (!found) return -1;
  for (const auto& values : found->values)
    if (values) return static_cast<int32_t>(values->size());
  return -1;
}

const int32_t* OptimizationProfile::getShapeValues(const char* input, nv::OptProfileSelector select) const noexcept {
  return report_.guard("IOptimizationProfile::getShapeValues", static_cast<const int32_t*>(nullptr), [&] {
    const Entry* found = find(input);
    const size_t at = position(select);
    return found && found->is_narrow && found->values[at] ? found->narrow[at].data() : nullptr;
  });
}

const int64_t* OptimizationProfile::getShapeValuesV2(const char* input, nv::OptProfileSelector select) const noexcept {
  return report_.guard("IOptimizationProfile::getShapeValuesV2", static_cast<const int64_t*>(nullptr), [&] {
    const Entry* found = find(input);
    const size_t at = position(select);
    return found && !found->is_narrow && found->values[at] ? found->values[at]->data() : nullptr;
  });
}

bool OptimizationProfile::setExtraMemoryTarget(float target) noexcept {
  return report_.attempt("IOptimizationProfile::setExtraMemoryTarget", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, target >= 0 && target <= 1, "target ", target, " is outside [0, 1]");
    extra_memory_ = target;
  });
}

bool OptimizationProfile::isValid() const noexcept {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const auto& named) { return complete(named.second.shapes) && complete(named.second.values); });
}

Profile OptimizationProfile::plan_profile() const {
  Profile profile;
  for (const auto& [name, entry] : entries_) {
    InputRange range;
    range.input = name;
    range.min = entry.shapes[0];
    range.opt = entry.shapes[1];
    range.max = entry.shapes[2];
    range.min_values = entry.values[0];
    range.opt_values = entry.values[1];
    range.max_values = entry.values[2];
    profile.inputs.push_back(std::move(range));
  }
  return profile;
}

}  // namespace torchtrt::engine::api
