#pragma once

#include <algorithm>
#include <cstdint>

#include "../slot.h"

namespace evenkeel {

// What the selector program has counted for a worker and never came: a handshake not completed, a
// SYN dropped and sent again, one choice for the SYN and another for the ACK of a SYN cookie. Left
// alone it would count as load for ever. What is on its way now looks the same, but not for long:
// so the least that was outstanding over a while is drift (a windowed minimum filter, as BBR's of
// the round trip time).
class Drift {
 public:
  // How long a handshake may take and not be taken for drift: 4 s, a SYN-ACK's second repetition.
  static constexpr uint64_t kWindowNs = 4ull * 1000 * 1000 * 1000;

  // What to correct the count by. `outstanding`: chosen, and neither accepted yet nor corrected;
  // `queue_length`: a call, made rarely, for what waits in the accept queue.
  //
  // Windows end at the same times for everybody: in a flood of SYNs who is corrected alone has the
  // fewest, and gets all that comes until the others are.
  template <typename QueueLength>
  int32_t Look(int32_t outstanding, uint64_t now, QueueLength queue_length) {
    const uint64_t window = now / kWindowNs;
    if (outstanding < 0) {  // accepted and never counted: known at once
      Begin(window, false);
      return outstanding == INT32_MIN ? INT32_MAX : -outstanding;
    }
    if (!begun_) Begin(window, false);
    least_ = std::min(least_, outstanding);
    if (window == window_) return 0;
    const int32_t stale = whole_ && least_ > 0 ? least_ - std::min(least_, queue_length()) : 0;
    Begin(window, true);
    return -stale;
  }

 private:
  void Begin(uint64_t window, bool whole) {
    begun_ = true;
    window_ = window;
    whole_ = whole;
    least_ = INT32_MAX;
  }

  bool begun_ = false;
  uint64_t window_ = 0;
  bool whole_ = false;  // seen from its beginning
  int32_t least_ = INT32_MAX;
};

// Chosen by the program, corrections included, and not accepted yet. In this order: what happens in
// between is counted as outstanding for a moment, never as less than nothing.
inline int32_t OutstandingOf(const Slot& slot, uint32_t sent) {
  const auto load = [](const std::atomic<uint32_t>& field) {
    return field.load(std::memory_order_acquire);
  };
  const uint32_t accepted = load(slot.accepted);
  const uint32_t taken = load(slot.taken);
  const uint32_t adjust = load(slot.adjust);
  const uint32_t assigned = load(slot.assigned);
  return static_cast<int32_t>(assigned + (adjust - sent) - (accepted - taken));
}

}  // namespace evenkeel
