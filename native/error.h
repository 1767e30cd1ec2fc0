#pragma once

#include <napi.h>

#include <string>

namespace evenkeel {

// A failed system call, thrown where it failed and turned into a JavaScript Error at the addon's
// border. Never crosses a thread.
struct SystemFailure {
  int number;  // errno
  const char* syscall;
  std::string address = {};  // set where an address is part of the cause
  int port = -1;
};

// Throws SystemFailure with the present errno.
[[noreturn]] void ThrowErrno(const char* syscall);

// The Error Node itself would make: code, errno (negative), syscall, and address and port if known.
Napi::Error ToError(Napi::Env env, const SystemFailure& failure);

// Runs `body`; a SystemFailure leaves as a JavaScript Error.
template <typename Body>
auto Guard(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const SystemFailure& failure) {
    throw ToError(env, failure);
  }
}

}  // namespace evenkeel
