#include <napi.h>
#include <unistd.h>

#include "acceptor.h"
#include "channel.h"
#include "dispatcher.h"
#include "error.h"
#include "instance.h"
#include "intake.h"
#include "lane.h"
#include "linux/gatekeeper.h"
#include "linux/group.h"
#include "linux/watchdog.h"
#include "listen_socket.h"
#include "load_table.h"
#include "loop_stamp.h"
#include "posix/bell.h"
#include "selector.h"

namespace evenkeel {
namespace {

// A TCP socket bound to nothing: what net.Socket needs to make a handle of Node's TCP class.
Napi::Value UnboundSocket(const Napi::CallbackInfo& info) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) throw ToError(info.Env(), SystemFailure{errno, "socket"});
  return Napi::Number::New(info.Env(), fd.release());
}

// What wakes a worker's loop from another process. The caller owns the fd.
Napi::Value NewBell(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Guard(info.Env(), [] { return MakeBell(); }).release());
}

// What wakes this process's reactor from another process. The caller owns the fd.
Napi::Value ShareWaker(const Napi::CallbackInfo& info) {
  return Guard(info.Env(), [&] {
    return Napi::Number::New(info.Env(), Reactor::Of(info.Env())->ShareWaker().release());
  });
}

Napi::Value DuplicateFd(const Napi::CallbackInfo& info) {
  const int fd = info[0].ToNumber().Int32Value();
  return Napi::Number::New(info.Env(), Guard(info.Env(), [fd] { return Duplicate(fd); }).release());
}

void CloseFd(const Napi::CallbackInfo& info) { UniqueFd(info[0].ToNumber().Int32Value()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Instance);
  LoadTable::Init(env, exports);
  LoopStamp::Init(env, exports);
  ListenSocket::Init(env, exports);
  Channel::Init(env, exports);
  Lane::Init(env, exports);
  Intake::Init(env, exports);
  Dispatcher::Init(env, exports);
  Acceptor::Init(env, exports);
  Gatekeeper::Init(env, exports);
  Watchdog::Init(env, exports);
  Selector::Init(env, exports);
  Group::Init(env, exports);
  exports.Set("unboundSocket", Napi::Function::New(env, UnboundSocket));
  exports.Set("newBell", Napi::Function::New(env, NewBell));
  exports.Set("shareWaker", Napi::Function::New(env, ShareWaker));
  exports.Set("duplicateFd", Napi::Function::New(env, DuplicateFd));
  exports.Set("closeFd", Napi::Function::New(env, CloseFd));
  return exports;
}

}  // namespace
}  // namespace evenkeel

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return evenkeel::Init(env, exports);
}
NODE_API_MODULE(evenkeel, InitAddon)
