#pragma once

#include <napi.h>

#include <memory>

namespace evenkeel {

class Reactor;

// What one environment (main thread or worker_thread) has of the addon: nothing here is static, so
// several environments can live in one process.
struct Instance {
  Napi::FunctionReference load_table;
  Napi::FunctionReference listen_socket;
  Napi::FunctionReference bell;
  Napi::FunctionReference lane;
  Napi::FunctionReference dispatcher;
  Napi::FunctionReference selector;
  std::shared_ptr<Reactor> reactor;  // see Reactor::Of()

  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

}  // namespace evenkeel
