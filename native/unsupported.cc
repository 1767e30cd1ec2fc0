#include <napi.h>

// The whole addon where no platform code exists yet. It loads, so that `evenkeel explain` can give
// the reason instead of a loader's message.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("unsupported",
              Napi::String::New(env, "the native accept path is written for Linux only"));
  return exports;
}
NODE_API_MODULE(evenkeel, Init)
