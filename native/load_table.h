#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>

#include "shared_memory.h"
#include "slot.h"

namespace evenkeel {

constexpr uint32_t kMaxSlots = 4096;

// One mapping of a table: of shared memory, or of a BPF map, where selector programs see it too.
class LoadTableMapping {
 public:
  LoadTableMapping(SharedMemory memory, uint32_t slots)
      : memory_(std::move(memory)), slots_(slots) {}

  static std::shared_ptr<LoadTableMapping> Create(uint32_t slots);
  // The header is element 0, slot i element 1 + i. Throws SystemFailure: EPERM without CAP_BPF, or
  // by seccomp; EINVAL where the kernel is too old; kNotSupported where it is no Linux.
  static std::shared_ptr<LoadTableMapping> CreateInKernel(uint32_t slots);
  // Either of them; needs no privilege. Throws SystemFailure, kInvalidArgument where it is no
  // table.
  static std::shared_ptr<LoadTableMapping> Open(Token token);

  TableHeader* header() const { return static_cast<TableHeader*>(memory_.base()); }
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
    header()->slots = slots_;
  }
  SharedMemory& memory() { return memory_; }
  const SharedMemory& memory() const { return memory_; }
  // As it was made, not as the shared header says: that is only believed when the table is opened.
  uint32_t slots() const { return slots_; }
  uint32_t used() const {
    const uint32_t used = header()->used.load(std::memory_order_relaxed);
    return used < slots_ ? used : slots_;
  }
  static constexpr size_t SizeOf(uint32_t slots) {
    return sizeof(TableHeader) + slots * sizeof(Slot);
  }

 private:
  // Where the token is a BPF map, that mapped; else nothing.
  static SharedMemory OpenInKernel(const Token& token);

  SharedMemory memory_;
  uint32_t slots_;
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
  Napi::Value Share(const Napi::CallbackInfo& info);
  Napi::Value Slots(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  const std::shared_ptr<LoadTableMapping>& Open(Napi::Env env) const;

  std::shared_ptr<LoadTableMapping> mapping_;
  Napi::ObjectReference buffer_;
};

}  // namespace evenkeel
