#pragma once

#include <cstdint>

#include "../slot.h"

namespace evenkeel {

// When a worker of its own accept queue counts as blocked: connections wait there, and its loop has
// not turned for a threshold. Pure, but for what it remembers of the last look.
class StallDetector {
 public:
  enum class Verdict { kTurns, kMayWait, kBlocked };

  // Whether the accept queue need be looked at: a loop that turns will come to it.
  static bool IsSilent(const Slot& slot, uint64_t now, uint64_t threshold) {
    const uint64_t stamp = slot.stamp.load(std::memory_order_relaxed);
    // One from the future is scribbled: that loop has to turn to be believed.
    return stamp > now || now - stamp >= threshold;
  }

  // `waiting`: connections are in its queue. An idle worker has an old stamp, too, and is woken by
  // what comes: that one must have waited itself for the threshold (a worker stopped in its sleep).
  Verdict Look(const Slot& slot, bool waiting, uint64_t now, uint64_t threshold) {
    if (!waiting || !IsSilent(slot, now, threshold)) {
      waiting_since_ = 0;
      return Verdict::kTurns;
    }
    if (waiting_since_ == 0) waiting_since_ = now;
    const bool sleeps = slot.idle.load(std::memory_order_relaxed) != 0;
    if (sleeps && now - waiting_since_ < threshold) return Verdict::kMayWait;
    const uint64_t stamp = slot.stamp.load(std::memory_order_relaxed);
    stamp_ = stamp;
    since_ = sleeps || stamp > now ? waiting_since_ : stamp;
    blocked_ = true;
    waiting_since_ = 0;
    return Verdict::kBlocked;
  }

  bool blocked() const { return blocked_; }
  // When it began, uv_hrtime().
  uint64_t since() const { return since_; }
  // Its loop has turned since.
  bool HasTurned(const Slot& slot) const {
    return slot.stamp.load(std::memory_order_relaxed) != stamp_;
  }
  void Reset() { *this = StallDetector(); }

 private:
  bool blocked_ = false;
  uint64_t stamp_ = 0;
  uint64_t since_ = 0;
  uint64_t waiting_since_ = 0;
};

}  // namespace evenkeel
