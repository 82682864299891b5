// Which library stands behind NvInfer.h: NVIDIA's or the embedded engine. The one place that loads it, and checks it
// once.
//
// Note [One provider]: the first load decides for the life of the process, since objects of two libraries of one SONAME
// must never meet. A library that is already in the process when we come is kept, if it is what was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace torchtrt::provider {

enum class Choice { kAuto, kNvidia, kEmbedded };

// Where to look, and what is known of the machine.
struct Request {
  Choice choice = Choice::kAuto;
  std::vector<std::string> nvidia_folders;  // searched in order, then the loader's own path
  std::string embedded_folder;
  bool cuda_usable = false;
};

struct Info {
  Choice choice = Choice::kEmbedded;  // never kAuto
  std::string version;                // "10.16.1.11"; the build number only where the library tells it
  std::string path;                   // of libnvinfer
  std::string reason;                 // why this one, in words
  std::string problem;                // auto only: a library of NVIDIA's that was found and cannot be used
};

// "auto", "nvidia", "embedded"; throws kInvalidArgument for another word.
Choice choice_of(const std::string& word);
std::string name_of(Choice choice);

// The request of this process: TORCHTRT_PROVIDER, embedded/<major> beside this library, a CUDA device that torch sees.
Request default_request();

// Loads libnvinfer, libnvinfer_plugin and libnvonnxparser into the global scope. Throws kInvalidState where what was
// asked for cannot be had; never takes the other provider instead of a requested one. Safe from several threads.
const Info& load(const Request& request);

// The provider in use; loads the default request where nothing is loaded yet.
const Info& info();
bool is_loaded();

// Version of the loaded library as it encodes it itself (getInferLibVersion).
int32_t library_version();

// Major of the interface that this build was compiled for.
int32_t interface_major();

// An exported function of the loaded libnvinfer; throws kInvalidState where it is missing.
void* symbol(const char* name);

}  // namespace torchtrt::provider
