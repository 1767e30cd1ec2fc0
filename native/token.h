#pragma once

#include <napi.h>

#include <string>

#include "unique_fd.h"

namespace evenkeel {

// What one process gives another, so that both have the same memory, bell or lane: a descriptor,
// which travels on a channel; on Windows a kernel object's name, which nobody can guess.
#ifdef _WIN32
using Token = std::string;
inline Token TakeToken(const Napi::Value& value) {
  return value.IsString() ? value.ToString().Utf8Value() : Token();
}
inline Napi::Value GiveToken(Napi::Env env, Token token) { return Napi::String::New(env, token); }
#else
using Token = UniqueFd;
// Whatever comes of it: the descriptor is ours.
inline Token TakeToken(const Napi::Value& value) {
  return Token(value.IsNumber() ? value.ToNumber().Int32Value() : -1);
}
// The receiver's from here on.
inline Napi::Value GiveToken(Napi::Env env, Token token) {
  return Napi::Number::New(env, token.release());
}
#endif

}  // namespace evenkeel
