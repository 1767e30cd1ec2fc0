#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "slot.h"

namespace evenkeel {

constexpr uint32_t kMaxSlots = 4096;

// One mapping of a table: of a memory file, sealed against resizing so that no holder of the fd can
// turn another's read into a SIGBUS, or of a BPF map, where selector programs see it too.
class LoadTableMapping {
 public:
  LoadTableMapping(void* base, size_t size, int fd) : base_(base), size_(size), fd_(fd) {}
  ~LoadTableMapping();
  LoadTableMapping(const LoadTableMapping&) = delete;
  LoadTableMapping& operator=(const LoadTableMapping&) = delete;

  static std::shared_ptr<LoadTableMapping> Create(uint32_t slots);
  // The header is element 0, slot i element 1 + i. Throws SystemFailure: EPERM without CAP_BPF, or
  // by seccomp; EINVAL where the kernel is too old.
  static std::shared_ptr<LoadTableMapping> CreateInKernel(uint32_t slots);
  // Either of them; needs no privilege. Takes the fd in every case, and keeps none: what a worker
  // does not have its application cannot misuse. Throws SystemFailure EINVAL where it is no table.
  static std::shared_ptr<LoadTableMapping> Open(int fd);

  TableHeader* header() const { return static_cast<TableHeader*>(base_); }
  Slot* slot(uint32_t index) const { return reinterpret_cast<Slot*>(header() + 1) + index; }
  // Primary: one more, or one less, waits for a worker that goes to sleep. Stores the sum anew each
  // time, over whatever somebody scribbled there.
  void Wait(int change) {
    waiting_ += static_cast<uint32_t>(change);
    header()->waiting.store(waiting_, std::memory_order_seq_cst);
  }
  // Says what it is, for Open().
  void Sign() {
    header()->magic = kTableMagic;
    header()->slots = slots();
  }
  void* base() const { return base_; }
  size_t size() const { return size_; }
  // -1 where it was opened.
  int fd() const { return fd_; }
  // It stays mapped.
  void CloseFd();
  // As mapped, not as the shared header says: the header is only believed when the table is opened.
  uint32_t slots() const {
    return static_cast<uint32_t>((size_ - sizeof(TableHeader)) / sizeof(Slot));
  }
  uint32_t used() const {
    const uint32_t used = header()->used.load(std::memory_order_relaxed);
    return used < slots() ? used : slots();
  }

 private:
  static constexpr size_t SizeOf(uint32_t slots) {
    return sizeof(TableHeader) + slots * sizeof(Slot);
  }
  static bool IsInKernel(int fd);
  static std::shared_ptr<LoadTableMapping> OpenInKernel(int fd);

  void* base_;
  size_t size_;
  int fd_;
  uint32_t waiting_ = 0;
};

class LoadTable : public Napi::ObjectWrap<LoadTable> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit LoadTable(const Napi::CallbackInfo& info);
  const std::shared_ptr<LoadTableMapping>& mapping() const { return mapping_; }
  // The LoadTable inside a JavaScript argument, or a TypeError.
  static LoadTable* From(const Napi::Value& value);

 private:
  Napi::Value Buffer(const Napi::CallbackInfo& info);
  Napi::Value ShareFd(const Napi::CallbackInfo& info);
  Napi::Value Slots(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  const std::shared_ptr<LoadTableMapping>& Open(Napi::Env env) const;

  std::shared_ptr<LoadTableMapping> mapping_;
  Napi::ObjectReference buffer_;
};

}  // namespace evenkeel
