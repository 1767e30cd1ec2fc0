#pragma once

#include <napi.h>

#ifndef _WIN32
#include <cerrno>
#endif
#include <string>

namespace evenkeel {

// System errors of our own finding.
#ifdef _WIN32
constexpr int kClosedDescriptor = 6;     // ERROR_INVALID_HANDLE, for libuv EBADF
constexpr int kInvalidArgument = 10022;  // WSAEINVAL
constexpr int kAddressInUse = 10048;     // WSAEADDRINUSE
constexpr int kNoDescriptors = 10024;    // WSAEMFILE
constexpr int kNotSupported = 50;        // ERROR_NOT_SUPPORTED
#else
constexpr int kClosedDescriptor = EBADF;
constexpr int kInvalidArgument = EINVAL;
constexpr int kAddressInUse = EADDRINUSE;
constexpr int kNoDescriptors = EMFILE;
constexpr int kNotSupported = ENOTSUP;
#endif

// A failed system call, thrown where it failed and turned into a JavaScript Error at the addon's
// border. Never crosses a thread.
struct SystemFailure {
  int number;  // errno; on Windows GetLastError() or WSAGetLastError()
  const char* syscall;
  std::string address = {};  // set where an address is part of the cause
  int port = -1;
};

// errno, or GetLastError(), which WSAGetLastError() is too.
int LastError();

// Throws SystemFailure with the present errno, or GetLastError().
[[noreturn]] void ThrowErrno(const char* syscall);

// The Error Node itself would make: code, errno (negative), syscall, and address and port if known;
// on Windows with the system's own number as well, `winError`.
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
