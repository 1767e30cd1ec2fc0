#pragma once

#include <cstdint>

#include "slot.h"

// The gate of a worker in a listener it shares: open, it accepts from the shared queue; closed, it
// leaves the connections to the others. A pure function of the load table, whose numbers may be
// stale, torn between fields, or garbage: a wrong decision costs balance, never a connection (see
// watchdog.h).
namespace evenkeel {

// So many connections more than the least loaded responsive worker are still even. Below it, a gate
// would open and close with every connection.
constexpr int32_t kSlack = 2;
// From here on an even share is a matter of per cent, and each connection lives long enough to pay
// for opening and closing a gate.
constexpr int32_t kManyConnections = 8;
constexpr int32_t kSlackOfMany = 1;
// A worker whose loop has not turned for so long may be busy, or may just wait for a CPU, as most
// do in a burst on few CPUs: the slack towards it doubles with each such time, and after kDoublings
// it does not count. At once would let whoever runs take a whole burst; never would have everybody
// wait for one that is blocked.
constexpr uint64_t kPatienceNs = 2 * 1000 * 1000;
constexpr uint64_t kDoublings = 5;
// Not heard of for so long, it is not waited for where all others are full: they drop what comes,
// as each of them would alone. It is also how long the watchdog believes the table while
// connections wait.
constexpr uint64_t kDoubtNs = 100 * 1000 * 1000;
// A worker may have been rung so long after another read the clock: 1 ms.
constexpr uint32_t kSkewTicks = 1024;
// A worker takes so many in a row before it is the next one's turn. Without turns the kernel wakes
// the same sleeper again and again: sequential traffic would go 4:1 to one worker.
constexpr int32_t kTurn = 16;
// Looks at so many others at most, a different stretch each time: least-connections among 16
// samples is as even as among all, at a cost that does not grow with the number of workers.
// Mitzenmacher, "The power of two choices in randomized load balancing", 2001.
constexpr uint32_t kSample = 16;

struct GateDecision {
  bool open;
  // The worker's virtual time, brought up to the others': one that was away does not catch up on
  // everything it missed.
  uint32_t virtual_time;
};

// Open connections; a torn or scribbled pair of counters counts as none.
inline int32_t ActiveOf(const Slot& slot) {
  const int32_t active = static_cast<int32_t>(slot.Active());
  return active < 0 ? 0 : active;
}

// How far `slot` is ahead of virtual time `time`. Half the circle away is neither ahead nor behind:
// two workers must not both think they are in front.
inline int32_t AheadOf(const Slot& slot, uint32_t time) {
  const uint32_t ahead = slot.virtual_time.load(std::memory_order_relaxed) - time;
  return ahead == 0x80000000u ? 0 : static_cast<int32_t>(ahead);
}

// For how long this worker has owed a sign of life. `now`: CLOCK_MONOTONIC ns.
inline uint64_t SilenceOf(const Slot& slot, uint64_t now) {
  if (IsSuspended(slot)) {  // rung, and may have to wait for a CPU
    const uint32_t tick = static_cast<uint32_t>(now / kTickNs);
    const uint32_t ticks = tick - slot.called.load(std::memory_order_relaxed);
    // Rung since `now` was read, not 73 minutes ago.
    return ticks > UINT32_MAX - kSkewTicks ? 0 : kTickNs * ticks;
  }
  if (slot.idle.load(std::memory_order_relaxed) != 0) return 0;
  const uint64_t stamp = slot.stamp.load(std::memory_order_relaxed);
  return now > stamp ? now - stamp : 0;
}

// How often the slack towards this worker doubles, kDoublings where it does not count.
inline uint64_t DoublingsOf(const Slot& slot, uint64_t now) {
  const uint64_t doublings = SilenceOf(slot, now) / kPatienceNs;
  return doublings < kDoublings ? doublings : kDoublings;
}

// Whether those who are full leave a connection to this worker.
inline bool IsSharing(const Slot& slot, uint32_t share, uint64_t now) {
  return (slot.shares.load(std::memory_order_relaxed) & share) != 0 &&
         SilenceOf(slot, now) < kDoubtNs;
}

// `share`: the listener's bit in Slot::shares. `now`: CLOCK_MONOTONIC ns.
//
// Of workers that all see each other (kSample + 1 at most) one at least decides "open". Of more,
// each sees others, and all may decide "closed": the watchdog then rings the one that would be
// next.
inline GateDecision DecideGate(const Slot* slots, uint32_t count, uint32_t self, uint32_t share,
                               uint64_t now) {
  const Slot& own = slots[self];
  const int32_t active = ActiveOf(own);
  const uint32_t own_time = own.virtual_time.load(std::memory_order_relaxed);

  struct Seen {
    int32_t active;
    int32_t ahead;  // its virtual time, relative to one's own
    uint64_t doublings;
  } seen[kSample];
  uint32_t found = 0;
  int32_t fewest = active;
  int32_t latest = 0;
  const bool all = count <= kSample + 1;
  const uint32_t looks = all ? count : kSample;
  uint32_t i = all ? 0 : static_cast<uint32_t>((now >> 7) % count);
  for (uint32_t look = 0; look < looks; look++, i++) {
    if (i == count) i = 0;
    if (i == self) continue;
    const Slot& slot = slots[i];
    if ((slot.shares.load(std::memory_order_relaxed) & share) == 0) continue;
    const int32_t ahead = AheadOf(slot, own_time);
    if (ahead > latest) latest = ahead;
    const uint64_t doublings = DoublingsOf(slot, now);
    if (doublings == kDoublings) continue;
    seen[found] = {ActiveOf(slot), ahead, doublings};
    if (seen[found].active < fewest) fewest = seen[found].active;
    found++;
  }

  // Whoever is further behind than a turn counts as a turn behind, oneself too.
  const int32_t floor = latest - kTurn;
  const uint32_t virtual_time = floor > 0 ? own_time + static_cast<uint32_t>(floor) : own_time;
  const int32_t slack = fewest < kManyConnections ? kSlack : kSlackOfMany;
  bool open = true;
  for (uint32_t k = 0; k < found; k++) {
    // Differences of numbers that are not negative: no garbage overflows them.
    if (active - seen[k].active > slack << seen[k].doublings) open = false;
    // Where somebody is ahead of oneself, one's turn is not over. Whoever may be busy gets none.
    const bool even = seen[k].active - fewest <= slack && seen[k].doublings == 0;
    if (latest == 0 && seen[k].ahead <= floor && even) open = false;
  }
  return {open, virtual_time};
}

}  // namespace evenkeel
