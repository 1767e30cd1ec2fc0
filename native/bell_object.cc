#include "bell_object.h"

#include "error.h"
#include "instance.h"

namespace evenkeel {

// new Bell()
BellObject::BellObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BellObject>(info) {
  bell_ = Guard(info.Env(), [] { return std::make_shared<const Bell>(Bell::Make()); });
}

std::shared_ptr<const Bell> BellObject::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(Instance::Of(env).bell.Value())) {
    throw Napi::TypeError::New(env, "a Bell expected");
  }
  std::shared_ptr<const Bell> bell = Unwrap(value.As<Napi::Object>())->bell_;
  if (bell == nullptr) throw ToError(env, SystemFailure{kClosedDescriptor, "bell"});
  return bell;
}

// For who shall hear it. The caller owns it.
Napi::Value BellObject::Share(const Napi::CallbackInfo& info) {
  if (bell_ == nullptr) throw ToError(info.Env(), SystemFailure{kClosedDescriptor, "bell"});
  return GiveToken(info.Env(), Guard(info.Env(), [&] { return bell_->Share(); }));
}

void BellObject::Close(const Napi::CallbackInfo&) { bell_.reset(); }

void BellObject::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "Bell",
      {InstanceMethod("share", &BellObject::Share), InstanceMethod("close", &BellObject::Close)});
  Instance::Of(env).bell = Napi::Persistent(constructor);
  exports.Set("Bell", constructor);
}

}  // namespace evenkeel
