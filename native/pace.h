#pragma once

#include <cstdint>

#include "burst.h"

namespace evenkeel {

// How many connections a worker should be sent ahead. Each waits for the loop to come round, and
// for those before it: many where the loop turns fast, which saves wake-ups; a single one where
// turns have been long. By the processor time of a turn: on a busy machine a short one may take
// long for want of a processor, and what waits then waits for that. Pure: told the times.
class Pace {
 public:
  // Before the loop sleeps: the time, and the processor time that its thread has used, in ns.
  uint32_t OnTurn(uint64_t now, uint64_t used) {
    const uint64_t busy = used > last_used_ ? used - last_used_ : 0;
    const bool first = window_began_ == 0;
    last_used_ = used;
    if (first) {
      window_began_ = now;
      return 1;
    }
    if (now - window_began_ > kWindowNs) {
      before_ = now - window_began_ > 2 * kWindowNs ? 0 : longest_;
      longest_ = 0;
      window_began_ = now;
    }
    if (busy > longest_) longest_ = busy;
    const uint64_t turn = longest_ > before_ ? longest_ : before_;
    if (turn * kMaxBurst <= kAheadNs) return kMaxBurst;
    const uint64_t depth = kAheadNs / turn;
    return depth < 1 ? 1 : static_cast<uint32_t>(depth);
  }

 private:
  // The longest turn of this window and the one before counts. A second remembers work that comes a
  // few times in it, and forgets a start-up.
  static constexpr uint64_t kWindowNs = 500 * 1000 * 1000;
  // A turn so long, 16 ms, makes the depth one: more than a garbage collection of V8's young space
  // takes, less than work that others should not wait behind.
  static constexpr uint64_t kAheadNs = 16 * 1000 * 1000;

  uint64_t last_used_ = 0;
  uint64_t window_began_ = 0;
  uint64_t longest_ = 0;
  uint64_t before_ = 0;
};

}  // namespace evenkeel
