#include "../fd_room.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <uv.h>

#include <algorithm>
#include <vector>

namespace evenkeel {
namespace {

// A system call takes some 100 ns; this is as if several threads did nothing else but open files.
constexpr uint64_t kFastestOpenNs = 20;
// The limit may be lowered from outside too (prlimit(2)): HasStill() looks every 20 ms at least.
constexpr uint64_t kMostCounted = 1000 * 1000;

// The slow way, which is always right: take the numbers, and give them back.
bool CanTake(uint32_t count) {
  std::vector<UniqueFd> spare;
  spare.reserve(count);
  for (uint32_t i = 0; i < count; i++) {
    spare.emplace_back(open("/", O_PATH | O_CLOEXEC));
    if (!spare.back().valid()) return false;
  }
  return true;
}

}  // namespace

// Without /proc it is invalid, and the slow way is taken.
FdRoom::FdRoom() : directory_(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

const FdRoom& FdRoom::OfProcess() {
  static const FdRoom room;
  return room;
}

bool FdRoom::HasStill(uint32_t count) const {
  return uv_hrtime() < sure_until_.load(std::memory_order_relaxed) || Has(count);
}

bool FdRoom::Has(uint32_t count) const {
  rlimit limit;
  struct stat status;
  if (directory_.valid() && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
      fstat(directory_.get(), &status) == 0 && status.st_size > 0) {
    const uint64_t needed = static_cast<uint64_t>(status.st_size) + count;
    if (needed > limit.rlim_cur) return false;
    const uint64_t rest = std::min<uint64_t>(limit.rlim_cur - needed, kMostCounted);
    sure_until_.store(uv_hrtime() + rest * kFastestOpenNs, std::memory_order_relaxed);
    return true;
  }
  return CanTake(count);
}

}  // namespace evenkeel
