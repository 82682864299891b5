// OperatorTrace: names of the ATen operators that a thread calls, outermost only.
#pragma once

#include <string>

namespace torchtrt::engine {

// One trace at a time on a thread.
struct OperatorTrace {
  static void start();
  // "aten::addmm, aten::relu" in order of the calls since start(); allocations and views are left out.
  static std::string stop();
};

}  // namespace torchtrt::engine
