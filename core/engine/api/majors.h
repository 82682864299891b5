// Majors: versions 10 and 11 of the interface differ in some functions.
//
// A function that only one of them has is an ordinary member in the other, where nobody can call it.
#pragma once

#if TORCHTRT_TENSORRT_MAJOR == 10
#define TORCHTRT_OVERRIDE_10 override
#define TORCHTRT_OVERRIDE_11
#else
#define TORCHTRT_OVERRIDE_10
#define TORCHTRT_OVERRIDE_11 override
#endif
