#pragma once

#include <cstdint>

#include "burst.h"

namespace evenkeel {

// How many connections a worker should be sent ahead. Each waits for the loop to come round, and
// for those before it: many where the loop turns fast, which saves wake-ups; a single one where
// turns have been long. Pure: told the time, and how long the loop has slept so far.
class Pace {
 public:
  // Before the loop sleeps: `now` and `slept` (uv_metrics_idle_time) in ns.
  uint32_t OnTurn(uint64_t now, uint64_t slept) {
    const uint64_t elapsed = now - last_now_;
    const uint64_t asleep = slept - last_slept_;
    const uint64_t busy = elapsed > asleep ? elapsed - asleep : 0;
    const bool first = last_now_ == 0;
    last_now_ = now;
    last_slept_ = slept;
    if (first) return 1;
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

  uint64_t last_now_ = 0;
  uint64_t last_slept_ = 0;
  uint64_t window_began_ = 0;
  uint64_t longest_ = 0;
  uint64_t before_ = 0;
};

}  // namespace evenkeel
