#include <winsock2.h>

#include <cstring>

#include "../error.h"
#include "../instance.h"
#include "../platform.h"
#include "handle_count.h"
#include "inheritance.h"
#include "socket_sharing.h"

namespace evenkeel {
namespace {

// shareSocket(fd, pid): see src/binding.ts
Napi::Value ShareSocket(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  WSAPROTOCOL_INFOW shared{};
  Guard(env, [&] {
    DuplicateFor(info[0].ToNumber().Int32Value(), info[1].ToNumber().Uint32Value(), &shared);
  });
  return Napi::Buffer<char>::Copy(env, reinterpret_cast<const char*>(&shared), sizeof shared);
}

// openSocket(shared)
Napi::Value OpenSocket(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsBuffer() ||
      info[0].As<Napi::Buffer<char>>().Length() != sizeof(WSAPROTOCOL_INFOW)) {
    throw Napi::TypeError::New(env, "openSocket: what shareSocket() made expected");
  }
  WSAPROTOCOL_INFOW shared;
  memcpy(&shared, info[0].As<Napi::Buffer<char>>().Data(), sizeof shared);
  UniqueFd fd = Guard(env, [&] { return OpenShared(shared); });
  return Napi::Number::New(env, fd.release());
}

// makeProcess(make)
Napi::Value MakeProcess(const Napi::CallbackInfo& info) {
  std::unique_lock<std::shared_mutex> lock(InheritanceLock());
  return info[0].As<Napi::Function>().Call({});
}

}  // namespace

void InitPlatform(Napi::Env env, Napi::Object exports) {
  exports.Set("shareSocket", Napi::Function::New(env, ShareSocket));
  exports.Set("openSocket", Napi::Function::New(env, OpenSocket));
  exports.Set("makeProcess", Napi::Function::New(env, MakeProcess));
  exports.Set("handleCount", Napi::Function::New(env, HandleCount));
}

}  // namespace evenkeel
