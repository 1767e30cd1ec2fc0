#pragma once

#include <napi.h>

namespace evenkeel {

// Runs `body`, which calls into JavaScript, from a libuv callback: nothing may be thrown from here.
//
// What the application's own code throws becomes an uncaughtException, as from any other callback.
// An environment that is being torn down (a worker_thread's terminate()) runs no JavaScript any
// more: every call fails then, and there is nobody left to tell.
template <typename Body>
void IntoJavaScript(Napi::Env env, Body body) {
  try {
    Napi::HandleScope scope(env);
    try {
      body();
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env, error.Value());  // its failure is the second case above
    }
  } catch (const Napi::Error&) {
  }
}

}  // namespace evenkeel
