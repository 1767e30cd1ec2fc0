#pragma once

#include <atomic>
#include <cstdint>

#include "unique_fd.h"

namespace evenkeel {

// Tells whether this process has descriptor numbers left. recvmsg(2) throws away what it finds no
// number for, and a connection would be lost: who receives asks here first.
class FdRoom {
 public:
  static const FdRoom& OfProcess();
  // So many more can be received now. Not a promise where another thread opens files meanwhile: ask
  // for some more than are needed.
  bool Has(uint32_t count) const;
  // The same for who asks all the time: looks only when so much time has passed that the rest could
  // have been used up. A limit that is lowered from outside is seen 20 ms later.
  bool HasStill(uint32_t count) const;

 private:
  FdRoom();
  mutable std::atomic<uint64_t> sure_until_{0};  // uv_hrtime()
  UniqueFd directory_;  // /proc/self/fd, whose size is the number of its entries since Linux 6.2
};

}  // namespace evenkeel
