#include "event.h"

#include <bcrypt.h>

#include "../error.h"

namespace evenkeel {

std::string SecretName() {
  unsigned char bytes[16];
  const NTSTATUS status =
      BCryptGenRandom(nullptr, bytes, sizeof bytes, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
  if (status != 0) throw SystemFailure{ERROR_GEN_FAILURE, "BCryptGenRandom"};
  std::string name = "Local\\evenkeel-";
  for (unsigned char byte : bytes) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name;
}

Event Event::Make(std::string name) {
  Event event;
  event.handle_ = UniqueHandle(CreateEventA(nullptr, FALSE, FALSE, name.c_str()));
  if (!event.valid()) ThrowErrno("CreateEvent");
  // Somebody waits for us under a name nobody knows: not ours to use.
  if (GetLastError() == ERROR_ALREADY_EXISTS) ThrowErrno("CreateEvent");
  event.name_ = std::move(name);
  return event;
}

Event Event::Open(std::string name) {
  Event event;
  event.handle_ = UniqueHandle(OpenEventA(EVENT_MODIFY_STATE | SYNCHRONIZE, FALSE, name.c_str()));
  if (!event.valid()) ThrowErrno("OpenEvent");
  event.name_ = std::move(name);
  return event;
}

}  // namespace evenkeel
