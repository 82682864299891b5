// Precompiled for the tests that know ATen.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/Functions.h>
#include <gtest/gtest.h>
