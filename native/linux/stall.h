#pragma once

#include <cstdint>

#include "../slot.h"

namespace evenkeel {

// When a worker of its own accept queue counts as blocked: connections wait there, and its loop has
// not turned for a threshold. A loop that sleeps has an old stamp, too; so has one that just woke,
// until its first callbacks have run. Neither is blocked, so how long it has been at work, and how
// long somebody waits, counts from when that was first seen.
class StallDetector {
 public:
  enum class Verdict { kTurns, kMayWait, kBlocked };

  // At each look. `waiting()`: connections are in its accept queue; asked only where it matters.
  template <typename Waiting>
  Verdict Look(const Slot& slot, uint64_t now, uint64_t threshold, Waiting waiting) {
    const uint64_t stamp = slot.stamp.load(std::memory_order_relaxed);
    const bool sleeps = slot.idle.load(std::memory_order_relaxed) != 0;
    // One from the future is scribbled: that loop has to turn to be believed.
    const bool silent = stamp > now || now - stamp >= threshold;
    if (sleeps || stamp != stamp_) busy_since_ = 0;
    if (!sleeps && busy_since_ == 0) busy_since_ = silent ? now : stamp;
    stamp_ = stamp;
    if (!silent || !waiting()) {
      waiting_since_ = 0;
      return Verdict::kTurns;
    }
    if (waiting_since_ == 0) waiting_since_ = now;
    since_ = sleeps ? waiting_since_ : busy_since_;
    if (now - since_ < threshold) return Verdict::kMayWait;
    blocked_ = true;
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
  uint64_t stamp_ = 0;          // as it was
  uint64_t busy_since_ = 0;     // at work, with that stamp; 0: not
  uint64_t waiting_since_ = 0;  // somebody, with its loop silent; 0: nobody
  uint64_t since_ = 0;
};

}  // namespace evenkeel
