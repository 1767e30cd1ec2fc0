#include "../thread_time.h"

namespace evenkeel {

// GetThreadTimes() counts in ticks of 15.6 ms: a short turn looks like none, or like a long one. So
// it is the time the loop was not asleep, which Node has libuv keep; on a busy machine turns look
// longer than they are.
uint64_t BusyTime(const uv_loop_t* loop) {
  return uv_hrtime() - uv_metrics_idle_time(const_cast<uv_loop_t*>(loop));
}

}  // namespace evenkeel
