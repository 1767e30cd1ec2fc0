#include "../bell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "../error.h"
#include "../socket.h"

namespace evenkeel {

Bell::Bell(Token token) : native_(std::move(token)) {}

Bell Bell::Make() {
  UniqueFd fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd.valid()) ThrowErrno("eventfd");
  return Bell(std::move(fd));
}

// Fails only with EAGAIN, when the counter is about to overflow: it has been rung then.
void Bell::Ring() const {
  const uint64_t one = 1;
  if (write(native_.get(), &one, sizeof one) < 0) return;
}

// EAGAIN: somebody else heard it.
void Bell::Hear() const {
  uint64_t times;
  if (read(native_.get(), &times, sizeof times) < 0) return;
}

Token Bell::Share() const { return Duplicate(native_.get()); }

}  // namespace evenkeel
