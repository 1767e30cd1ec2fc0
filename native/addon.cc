#include <napi.h>

#include "acceptor.h"
#include "bell_object.h"
#include "dispatcher.h"
#include "error.h"
#include "gatekeeper.h"
#include "instance.h"
#include "intake.h"
#include "lane.h"
#include "lane_pipe.h"
#include "listen_socket.h"
#include "load_table.h"
#include "loop_stamp.h"
#include "platform.h"
#include "poller.h"
#include "socket.h"
#include "watchdog.h"

namespace evenkeel {
namespace {

// What net.Socket needs to make a handle of Node's TCP class.
Napi::Value NewUnboundSocket(const Napi::CallbackInfo& info) {
  UniqueFd fd = Guard(info.Env(), [] { return UnboundSocket(); });
  return Napi::Number::New(info.Env(), fd.release());
}

// What wakes this process's reactor from another process. The caller owns it.
Napi::Value ShareWaker(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  return GiveToken(env, Guard(env, [env] { return Reactor::Of(env)->waker().Share(); }));
}

void CloseFd(const Napi::CallbackInfo& info) { UniqueFd(info[0].ToNumber().Int32Value()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // On Windows Node's functions are found when they are first called (cmake/node-exe.cmake), and
  // the code that MinGW makes for that keeps integer arguments alone meanwhile: of the
  // floating-point registers nothing is promised. So the first double that is made is one nobody
  // looks at.
  napi_value nobodys;
  napi_create_double(env, 0, &nobodys);
  env.SetInstanceData(new Instance);
  LoadTable::Init(env, exports);
  LoopStamp::Init(env, exports);
  ListenSocket::Init(env, exports);
  BellObject::Init(env, exports);
  Lane::Init(env, exports);
  Intake::Init(env, exports);
  Dispatcher::Init(env, exports);
  Acceptor::Init(env, exports);
  Gatekeeper::Init(env, exports);
  Watchdog::Init(env, exports);
  exports.Set("finalHop", static_cast<uint32_t>(kFinalHop));
  exports.Set("unboundSocket", Napi::Function::New(env, NewUnboundSocket));
  exports.Set("shareWaker", Napi::Function::New(env, ShareWaker));
  exports.Set("closeFd", Napi::Function::New(env, CloseFd));
  exports.Set("wakesOne", Napi::Boolean::New(env, Poller::kHasLine));
  exports.Set("inheritsNoDelay", Napi::Boolean::New(env, kInheritsNoDelay));
  exports.Set("portLingers", Napi::Boolean::New(env, kPortLingers));
  InitPlatform(env, exports);
  return exports;
}

}  // namespace
}  // namespace evenkeel

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return evenkeel::Init(env, exports);
}
NODE_API_MODULE(evenkeel, InitAddon)
