// Staging: copies, events, and leases of places.
#include "core/engine/exec/staging.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <optional>

#include "core/engine/exec/device.h"
#include "core/engine/exec/transfer.h"

namespace torchtrt::engine {
namespace {

using Item = StreamedWeights::Item;

bool overlap(const Item& a, const Item& b) { return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes; }

at::Tensor allocate(int64_t bytes, c10::Device device) {
  return at::empty({bytes}, at::TensorOptions(at::kByte).device(device));
}

void copy(const Item& item, const at::Tensor& to) {
  int64_t done = 0;
  for (const at::Tensor& piece : item.pieces) {
    to.narrow(0, done, piece.numel()).copy_(piece, /*non_blocking=*/true);
    done += piece.numel();
  }
}

}  // namespace

// What the tensor over a place, or over memory of its own, holds on to.
struct Staging::Lease {
  std::shared_ptr<Staging> staging;
  int item = 0, buffer = 0;
  c10::Stream stream;
  at::Tensor own;  // undefined: a place in the buffer
};

// Work that is queued already may still read the place.
void Staging::end_lease(void* held) {
  const std::unique_ptr<Lease> lease(static_cast<Lease*>(held));
  if (!lease->own.defined()) lease->staging->release(*lease);
}

Staging::Staging(std::shared_ptr<const StreamedWeights> weights, c10::Device device)
    : weights_(std::move(weights)), device_(device), copies_(device) {
  for (size_t i = 0; i < weights_->items().size(); ++i) places_.emplace_back(device.type());
}

Staging::~Staging() {
  try {
    drop_buffer();
  } catch (const std::exception&) {  // the device is lost
  }
}

void Staging::use_memory(void* given) {
  if (given == given_) return;
  drop_buffer();
  given_ = given;
}

void Staging::start_run() {
  if (given_) drop_buffer();
}

// What is queued comes first. Our own memory goes back to the allocator's of the default stream, where it was taken.
void Staging::drop_buffer() {
  const c10::Stream stream = given_ ? copies_.get() : c10::Stream(c10::Stream::DEFAULT, device_);
  for (const int i : resident_) {
    (place(i).status == Status::kReleased ? place(i).released : place(i).copied).block(stream);
    place(i).status = Status::kAbsent;
  }
  resident_.clear();
  buffer_.reset();
  ++buffers_;
}

c10::Stream Staging::present_stream() const { return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_); }

// Others may have used the memory.
void Staging::take_buffer() {
  std::optional<RunScope> on_default_stream;
  if (!given_) on_default_stream.emplace(device_, nullptr);
  buffer_ = given_ ? wrap(given_, Shape{weights_->scratch()}, DType::kUInt8, device_)
                   : allocate(weights_->scratch(), device_);
  c10::Event ready(device_.type());
  ready.record(present_stream());
  ready.block(copies_.get());
}

// Queues the copy; false: somebody uses the place.
bool Staging::upload(int i) {
  const auto in_the_way = [&](int other) { return overlap(item(i), item(other)); };
  if (std::any_of(resident_.begin(), resident_.end(),
                  [&](int other) { return in_the_way(other) && place(other).status == Status::kHeld; }))
    return false;
  if (!buffer_.defined()) take_buffer();
  std::erase_if(resident_, [&](int other) {
    if (!in_the_way(other)) return false;
    if (place(other).status == Status::kReleased) place(other).released.block(copies_.get());
    place(other).status = Status::kAbsent;
    return true;
  });
  const StreamScope scope(copies_.get());
  copy(item(i), buffer_.narrow(0, item(i).offset, item(i).bytes));
  place(i).copied.record(copies_.get());
  place(i).status = Status::kCopied;
  resident_.push_back(i);
  return true;
}

at::Tensor Staging::upload_apart(int i) {
  const c10::Stream stream = present_stream();
  at::Tensor own = allocate(item(i).bytes, device_);
  c10::Event ready(device_.type()), copied(device_.type());
  ready.record(stream);
  ready.block(copies_.get());
  {
    const StreamScope scope(copies_.get());
    copy(item(i), own);
    copied.record(copies_.get());
  }
  copied.block(stream);
  return own;
}

at::Tensor Staging::lend(void* data, c10::IntArrayRef sizes, at::ScalarType type, int i, at::Tensor own) {
  auto lease = std::unique_ptr<Lease>(new Lease{shared_from_this(), i, buffers_, present_stream(), std::move(own)});
  return at::for_blob(data, sizes)
      .context(lease.release(), end_lease)
      .options(at::TensorOptions(type).device(device_))
      .target_device(device_)
      .make_tensor();
}

at::Tensor Staging::fetch(int i, c10::IntArrayRef sizes, at::ScalarType type) {
  Place& wanted = place(i);
  const bool there = wanted.status == Status::kCopied || wanted.status == Status::kReleased;
  if (!there && !upload(i)) {
    at::Tensor own = upload_apart(i);
    void* data = own.mutable_data_ptr();
    return lend(data, sizes, type, i, std::move(own));
  }
  const c10::Stream stream = present_stream();
  wanted.copied.block(stream);
  if (wanted.status == Status::kReleased) wanted.released.block(stream);  // the event is recorded again, after both
  wanted.status = Status::kHeld;
  at::Tensor result = lend(static_cast<char*>(buffer_.mutable_data_ptr()) + item(i).offset, sizes, type, i, {});
  wanted.used = true;
  if (const int next = i + 1; next < static_cast<int>(places_.size()))
    if (place(next).used && place(next).status == Status::kAbsent) upload(next);
  return result;
}

void Staging::release(const Lease& lease) {
  if (lease.buffer != buffers_) return;
  try {
    place(lease.item).released.record(lease.stream);
  } catch (const std::exception&) {  // the device is lost
  }
  place(lease.item).status = Status::kReleased;
}

bool is_streamed(const at::Tensor& tensor) {
  return tensor.defined() && tensor.has_storage() && tensor.storage().data_ptr().get_deleter() == &Staging::end_lease;
}

}  // namespace torchtrt::engine
