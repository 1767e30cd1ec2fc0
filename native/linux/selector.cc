#include "selector.h"

#include <cerrno>

#include "../error.h"
#include "../instance.h"
#include "../listen_socket.h"

namespace evenkeel {
namespace {

GroupPolicy ToGroupPolicy(Napi::Env env, const std::string& name) {
  if (name == "hash") return GroupPolicy::kHash;
  if (name == "random") return GroupPolicy::kRandom;
  if (name == "source-hash") return GroupPolicy::kSourceHash;
  if (name == "round-robin") return GroupPolicy::kRoundRobin;
  if (name == "least-connections") return GroupPolicy::kLeastConnections;
  throw Napi::TypeError::New(env, "Selector: no such policy: " + name);
}

}  // namespace

// new Selector(table, policy, mechanism, seed): `mechanism` is 'ebpf' or 'cbpf'; `seed`, a number,
// of the hash of sources.
Selector::Selector(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Selector>(info) {
  Napi::Env env = info.Env();
  const auto& table = LoadTable::From(info[0])->mapping();
  const GroupPolicy policy = ToGroupPolicy(env, info[1].ToString().Utf8Value());
  const std::string mechanism = info[2].ToString().Utf8Value();
  const uint64_t seed = static_cast<uint64_t>(info[3].ToNumber().Int64Value());
  if (mechanism != "ebpf" && mechanism != "cbpf") {
    throw Napi::TypeError::New(env, "Selector: no such mechanism: " + mechanism);
  }
  program_ = Guard(env, [&]() -> std::shared_ptr<SelectorProgram> {
    if (mechanism == "ebpf") return MakeEbpfSelector(policy, table);
    return MakeCbpfSelector(policy, seed);
  });
}

Selector* Selector::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() ||
      !value.As<Napi::Object>().InstanceOf(Instance::Of(env).selector.Value())) {
    throw Napi::TypeError::New(env, "a Selector expected");
  }
  Selector* selector = Unwrap(value.As<Napi::Object>());
  if (selector->program_ == nullptr) throw ToError(env, SystemFailure{EBADF, "bpf"});
  return selector;
}

// apply([{socket, slot, eligible, load}]): for who uses it without a Group.
void Selector::Apply(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (program_ == nullptr) throw ToError(env, SystemFailure{EBADF, "bpf"});
  if (!info[0].IsArray()) throw Napi::TypeError::New(env, "Selector: an array expected");
  Napi::Array array = info[0].As<Napi::Array>();
  std::vector<GroupMember> members;
  for (uint32_t i = 0; i < array.Length(); i++) {
    if (!array.Get(i).IsObject()) throw Napi::TypeError::New(env, "Selector: a member expected");
    Napi::Object one = array.Get(i).As<Napi::Object>();
    members.push_back(GroupMember{
        ListenSocket::From(one.Get("socket"))->Open(env), one.Get("slot").ToNumber().Uint32Value(),
        one.Get("eligible").ToBoolean(), one.Get("load").ToNumber().Uint32Value()});
  }
  Guard(env, [&] { program_->Apply(members); });
}

Napi::Value Selector::GetFallbacks(const Napi::CallbackInfo& info) {
  const uint64_t count = program_ == nullptr ? 0 : program_->Fallbacks();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

// A Group that has it keeps it. What is attached stays so, until the group's sockets are closed.
void Selector::Close(const Napi::CallbackInfo&) { program_.reset(); }

void Selector::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(env, "Selector",
                                           {InstanceMethod("apply", &Selector::Apply),
                                            InstanceMethod("fallbacks", &Selector::GetFallbacks),
                                            InstanceMethod("close", &Selector::Close)});
  Instance::Of(env).selector = Napi::Persistent(constructor);
  exports.Set("Selector", constructor);
}

}  // namespace evenkeel
