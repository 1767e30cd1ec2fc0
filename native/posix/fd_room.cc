#include "../fd_room.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <vector>

namespace evenkeel {
namespace {

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

bool FdRoom::Has(uint32_t count) const {
  rlimit limit;
  struct stat status;
  if (directory_.valid() && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
      fstat(directory_.get(), &status) == 0 && status.st_size > 0) {
    return static_cast<uint64_t>(status.st_size) + count <= limit.rlim_cur;
  }
  return CanTake(count);
}

}  // namespace evenkeel
