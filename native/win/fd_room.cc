#include "../fd_room.h"

namespace evenkeel {

// A process may have some 16 million handles: memory ends before.
FdRoom::FdRoom() = default;

const FdRoom& FdRoom::OfProcess() {
  static const FdRoom room;
  return room;
}

bool FdRoom::HasStill(uint32_t) const { return true; }

bool FdRoom::Has(uint32_t) const { return true; }

}  // namespace evenkeel
