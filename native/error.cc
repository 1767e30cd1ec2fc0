#include "error.h"

#include <uv.h>

namespace evenkeel {

void ThrowErrno(const char* syscall) { throw SystemFailure{LastError(), syscall}; }

Napi::Error ToError(Napi::Env env, const SystemFailure& failure) {
  const int number = uv_translate_sys_error(failure.number);
  const std::string code = uv_err_name(number);
  std::string message =
      std::string(failure.syscall) + " " + code + ": " + std::string(uv_strerror(number));
  if (!failure.address.empty()) message += " " + failure.address;
  if (failure.port >= 0) message += ":" + std::to_string(failure.port);

  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, number));
  error.Set("syscall", Napi::String::New(env, failure.syscall));
#ifdef _WIN32
  error.Set("winError", Napi::Number::New(env, failure.number));
#endif
  if (!failure.address.empty()) error.Set("address", Napi::String::New(env, failure.address));
  if (failure.port >= 0) error.Set("port", Napi::Number::New(env, failure.port));
  return error;
}

}  // namespace evenkeel
