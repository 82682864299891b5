// libnvinfer_plugin: its one function. The engine brings no plugins, so there is nothing to register.
#include <NvInferPlugin.h>

extern "C" __attribute__((visibility("default"))) bool initLibNvInferPlugins(void*, const char*) { return true; }
