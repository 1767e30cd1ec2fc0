#include "../thread_time.h"

#include <ctime>

namespace evenkeel {

// 0 where the clock is not to be had: turns look short then.
uint64_t BusyTime(const uv_loop_t*) {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return 0;
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace evenkeel
