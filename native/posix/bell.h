#pragma once

#include <cstdint>

#include "../unique_fd.h"

// A bell wakes one loop or thread; rung twice before it is heard, it is heard once. eventfd(2).
namespace evenkeel {

// Non-blocking and close-on-exec. Throws SystemFailure.
UniqueFd MakeBell();
void Ring(int bell);
// Hears everything rung so far.
void Hear(int bell);

}  // namespace evenkeel
