#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace evenkeel {

// The load table: one shared-memory region, a header and one 64-byte slot per worker.
// ONE WRITER PER FIELD, named beside it; everybody reads. Counters wrap; only differences count.
struct alignas(64) Slot {
  std::atomic<uint32_t> state;        // primary: SlotState
  std::atomic<uint32_t> adjust;       // primary: correction of `assigned` (selector programs)
  std::atomic<uint32_t> assigned;     // dispatcher: connections sent to this worker
  std::atomic<uint32_t> taken;        // worker: connections received of those sent
  std::atomic<uint32_t> accepted;     // worker: connections begun, however they came
  std::atomic<uint32_t> closed;       // worker: connections ended
  std::atomic<uint64_t> stamp;        // worker: loop stamp, CLOCK_MONOTONIC ns
  std::atomic<uint32_t> pid;          // primary
  std::atomic<uint32_t> reserved[7];  // the gate's and the selector's, zero until then
};
static_assert(sizeof(Slot) == 64, "a slot is one cache line");
static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared memory needs lock-free atomics");

enum SlotState : uint32_t { kFree = 0, kStarting = 1, kReady = 2, kDraining = 3 };

struct alignas(64) TableHeader {
  uint32_t magic;
  uint32_t slots;
};
constexpr uint32_t kTableMagic = 0x45764b31;  // "EvK1"

// One mapping of a table. Sealed against resizing, so no holder of the fd can turn another's read
// into a SIGBUS.
class LoadTableMapping {
 public:
  LoadTableMapping(void* base, size_t size, int fd) : base_(base), size_(size), fd_(fd) {}
  ~LoadTableMapping();
  LoadTableMapping(const LoadTableMapping&) = delete;
  LoadTableMapping& operator=(const LoadTableMapping&) = delete;

  static std::shared_ptr<LoadTableMapping> Create(uint32_t slots);
  // Takes the fd in every case. Throws SystemFailure EINVAL where it is no load table.
  static std::shared_ptr<LoadTableMapping> Open(int fd);

  TableHeader* header() const { return static_cast<TableHeader*>(base_); }
  Slot* slot(uint32_t index) const { return reinterpret_cast<Slot*>(header() + 1) + index; }
  void* base() const { return base_; }
  size_t size() const { return size_; }
  int fd() const { return fd_; }
  // As mapped, not as the shared header says: the header is only believed when the table is opened.
  uint32_t slots() const {
    return static_cast<uint32_t>((size_ - sizeof(TableHeader)) / sizeof(Slot));
  }

 private:
  void* base_;
  size_t size_;
  int fd_;
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

  std::shared_ptr<LoadTableMapping> mapping_;
  Napi::ObjectReference buffer_;
};

}  // namespace evenkeel
