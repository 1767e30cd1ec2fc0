#pragma once

#include <atomic>
#include <cstdint>

namespace evenkeel {

// The load table: one shared-memory region, a header and one 64-byte slot per worker.
// ONE WRITER PER FIELD, named beside it; everybody reads. Counters wrap; only differences count.
struct alignas(64) Slot {
  std::atomic<uint32_t> state;         // primary: SlotState
  std::atomic<uint32_t> adjust;        // lane (primary): connections sent and not taken back, less
                                       // those taken from its accept queue; and drift of `assigned`
  std::atomic<uint32_t> assigned;      // selector program (eBPF): connections chosen for it
  std::atomic<uint32_t> taken;         // worker: connections received of those sent
  std::atomic<uint32_t> accepted;      // worker: connections begun, however they came
  std::atomic<uint32_t> closed;        // worker: connections ended
  std::atomic<uint64_t> stamp;         // worker: loop stamp, CLOCK_MONOTONIC ns
  std::atomic<uint32_t> pid;           // primary
  std::atomic<uint32_t> idle;          // worker: 1 from the loop's going to sleep until work begins
  std::atomic<uint32_t> called;        // watchdog (primary): when its bell was last rung, ticks
  std::atomic<uint32_t> answered;      // worker: `called` as of its last loop turn
  std::atomic<uint32_t> shares;        // worker: gated listeners it shares in, bit = gate number
  std::atomic<uint32_t> virtual_time;  // worker: connections taken, never far behind the others'
  std::atomic<uint32_t> open;          // worker: gated listeners whose gate is open, same bits
  std::atomic<uint32_t> depth;         // worker: connections it may be sent ahead; 0: not one now

  uint32_t Active() const {
    return accepted.load(std::memory_order_relaxed) - closed.load(std::memory_order_relaxed);
  }
};
static_assert(sizeof(Slot) == 64, "a slot is one cache line");
static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared memory needs lock-free atomics");

// For each connection it may be sent ahead, a worker that is not idle counts as responsive for so
// long after its last loop turn: 1 ms.
constexpr uint64_t kFreshNs = 1000 * 1000;

// A tick of Slot::called, ns; it wraps after 73 minutes.
constexpr uint64_t kTickNs = 1024;

// Rung and not heard of since: nobody waits for this worker until its loop turns.
inline bool IsSuspended(const Slot& slot) {
  return slot.called.load(std::memory_order_relaxed) !=
         slot.answered.load(std::memory_order_relaxed);
}

// seq_cst: see LoopStamp::OnSleep().
inline bool IsIdle(const Slot& slot) {
  return slot.idle.load(std::memory_order_seq_cst) != 0 && !IsSuspended(slot);
}

enum SlotState : uint32_t { kFree = 0, kStarting = 1, kReady = 2, kDraining = 3 };

struct alignas(64) TableHeader {
  uint32_t magic;
  uint32_t slots;
  std::atomic<uint32_t> used;     // primary: slots beyond this many were never in use
  std::atomic<uint32_t> waiting;  // primary: connections wait for a worker to have time for them
};
constexpr uint32_t kTableMagic = 0x45764b31;  // "EvK1"

}  // namespace evenkeel
