#pragma once

#include <napi.h>

#include <memory>

#include "bell.h"

namespace evenkeel {

// JavaScript's owner of a bell. Who rings it holds it too.
class BellObject : public Napi::ObjectWrap<BellObject> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit BellObject(const Napi::CallbackInfo& info);
  // The bell inside a JavaScript argument, or a TypeError.
  static std::shared_ptr<const Bell> From(const Napi::Value& value);

 private:
  Napi::Value Share(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  std::shared_ptr<const Bell> bell_;
};

}  // namespace evenkeel
