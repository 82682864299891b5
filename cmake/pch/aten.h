// Precompiled for the engine's kernels and executor.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/Functions.h>

#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>
