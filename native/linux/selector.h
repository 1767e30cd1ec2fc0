#pragma once

#include <napi.h>

#include <memory>

#include "selector_program.h"

namespace evenkeel {

// JavaScript's owner of a selector program.
class Selector : public Napi::ObjectWrap<Selector> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Selector(const Napi::CallbackInfo& info);
  // The Selector inside a JavaScript argument, or a TypeError.
  static Selector* From(const Napi::Value& value);
  const std::shared_ptr<SelectorProgram>& program() const { return program_; }

 private:
  void Apply(const Napi::CallbackInfo& info);
  Napi::Value GetFallbacks(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  std::shared_ptr<SelectorProgram> program_;
};

}  // namespace evenkeel
