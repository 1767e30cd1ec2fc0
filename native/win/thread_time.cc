#include "../thread_time.h"

#include <windows.h>
#include <winsock2.h>

#include <algorithm>

namespace evenkeel {
namespace {

// A turn shorter than this says nothing of how fast cycles are counted.
constexpr uint64_t kShortNs = 50 * 1000;

// What is known of one thread.
struct Cycles {
  uint64_t last = 0;        // cycles it has used
  uint64_t last_awake = 0;  // ns its loop was not asleep
  double per_ns = 0;        // the most there ever were: of a turn that had a processor to itself
  double used = 0;          // ns
};

}  // namespace

// GetThreadTimes() counts in ticks of 15.6 ms, and the unit of a thread's cycles is not told, only
// that they stand still while it waits for a processor. So they are measured by the turns in which
// it did not. 0 where they are not to be had, in Wine: turns look short then.
uint64_t BusyTime(const uv_loop_t* loop) {
  static thread_local Cycles cycles;
  ULONG64 now = 0;
  if (!QueryThreadCycleTime(GetCurrentThread(), &now)) return 0;
  const uint64_t awake = uv_hrtime() - uv_metrics_idle_time(const_cast<uv_loop_t*>(loop));
  const uint64_t turn = awake - cycles.last_awake;
  const double spent = static_cast<double>(now - cycles.last);
  if (turn >= kShortNs) cycles.per_ns = std::max(cycles.per_ns, spent / static_cast<double>(turn));
  if (cycles.per_ns > 0) cycles.used += spent / cycles.per_ns;
  cycles.last = now;
  cycles.last_awake = awake;
  return static_cast<uint64_t>(cycles.used);
}

}  // namespace evenkeel
