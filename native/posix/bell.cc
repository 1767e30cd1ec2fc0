#include "bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "../error.h"

namespace evenkeel {

UniqueFd MakeBell() {
  UniqueFd bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!bell.valid()) ThrowErrno("eventfd");
  return bell;
}

// Fails only with EAGAIN, when the counter is about to overflow: it has been rung then.
void Ring(int bell) {
  const uint64_t one = 1;
  if (write(bell, &one, sizeof one) < 0) return;
}

// EAGAIN: somebody else heard it.
void Hear(int bell) {
  uint64_t times;
  if (read(bell, &times, sizeof times) < 0) return;
}

}  // namespace evenkeel
