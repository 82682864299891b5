// The dtype table in torch's words: DType to at::ScalarType and back.
#pragma once

#include <c10/core/ScalarType.h>

#include <string>

#include "core/util/dtype.h"

namespace torchtrt::ir {

// Throws kUnsupportedDtype for a type that torch does not have (int4).
c10::ScalarType scalar_type_of(DType dtype);
// DType::kNone for a type that the table does not have.
DType dtype_of(c10::ScalarType type);
// Our name, or c10's where the table does not have the type.
std::string name_of(c10::ScalarType type);

}  // namespace torchtrt::ir
