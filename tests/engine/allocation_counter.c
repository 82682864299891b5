// Preloaded into a process, counts what its PyTorch asks the C library for on behalf of tensors, and all large blocks.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static const size_t kLarge = 1 << 16;  // smaller ones are objects: descriptors, sizes, Python's own
static __thread long counted, bytes;
static __thread int on;

static void note(size_t size) {
  if (!on) return;
  ++counted;
  bytes += (long)size;
}

void counter_start(void) { counted = bytes = 0, on = 1; }
long counter_stop(void) { return on = 0, counted; }
long counter_bytes(void) { return bytes; }

static int is_of_tensors(const void* caller) {
  Dl_info found;
  return dladdr(caller, &found) && found.dli_fname && strstr(found.dli_fname, "libc10");
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  static int (*next)(void**, size_t, size_t);
  if (!next) next = (int (*)(void**, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
  if (on && (size >= kLarge || is_of_tensors(__builtin_return_address(0)))) note(size);
  return next ? next(memory, alignment, size) : ENOMEM;
}

void* aligned_alloc(size_t alignment, size_t size) {
  static void* (*next)(size_t, size_t);
  if (!next) next = (void* (*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
  if (size >= kLarge) note(size);
  return next ? next(alignment, size) : NULL;
}

void* malloc(size_t size) {
  extern void* __libc_malloc(size_t);
  if (size >= kLarge) note(size);
  return __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  extern void* __libc_calloc(size_t, size_t);
  if (count * size >= kLarge) note(count * size);
  return __libc_calloc(count, size);
}
