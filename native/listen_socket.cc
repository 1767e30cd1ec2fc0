#include "listen_socket.h"

#include "error.h"
#include "instance.h"

namespace evenkeel {

// new ListenSocket({host, port, family, ipv6Only, backlog, noDelay}), or ({takeFd})
ListenSocket::ListenSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ListenSocket>(info) {
  Napi::Env env = info.Env();
  if (info[0].IsExternal()) {  // from Member()
    Made* made = info[0].As<Napi::External<Made>>().Data();
    fd_ = std::move(made->fd);
    backlog_ = made->backlog;
    return;
  }
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "ListenSocket: options expected");
  Napi::Object options = info[0].As<Napi::Object>();
  if (options.Get("takeFd").IsNumber()) {
    UniqueFd taken(options.Get("takeFd").ToNumber().Int32Value());
    fd_ = Guard(env, [&] { return TakeListener(std::move(taken)); });
    is_others_ = true;
    return;
  }
  ListenOptions listen;
  if (options.Get("host").IsString()) listen.host = options.Get("host").ToString().Utf8Value();
  if (options.Get("family").IsNumber()) listen.family = options.Get("family").ToNumber();
  listen.port = options.Get("port").ToNumber().Int32Value();
  if (listen.port < 0 || listen.port > 65535) {
    throw Napi::RangeError::New(env, "ListenSocket: port must be 0 to 65535");
  }
  listen.ipv6_only = options.Get("ipv6Only").ToBoolean();
  if (options.Get("backlog").IsNumber()) listen.backlog = options.Get("backlog").ToNumber();
  listen.no_delay = options.Get("noDelay").ToBoolean();
  backlog_ = listen.backlog;
  fd_ = Guard(env, [&] { return Listen(listen); });
}

ListenSocket* ListenSocket::From(const Napi::Value& value) {
  Napi::Env env = value.Env();
  if (!value.IsObject() ||
      !value.As<Napi::Object>().InstanceOf(Instance::Of(env).listen_socket.Value())) {
    throw Napi::TypeError::New(env, "a ListenSocket expected");
  }
  return Unwrap(value.As<Napi::Object>());
}

int ListenSocket::Open(Napi::Env env) const {
  if (!fd_.valid()) throw ToError(env, SystemFailure{kClosedDescriptor, "listen"});
  return fd_.get();
}

UniqueFd ListenSocket::Share(Napi::Env env) const {
  return Guard(env, [&] { return Duplicate(Open(env)); });
}

Napi::Value ListenSocket::GetFd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), fd_.get());
}

Napi::Value ListenSocket::GetAddress(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const Address address = Guard(env, [&] { return LocalAddress(Open(env)); });
  Napi::Object result = Napi::Object::New(env);
  result.Set("address", address.host);
  result.Set("family", address.family == 6 ? "IPv6" : "IPv4");
  result.Set("port", address.port);
  return result;
}

Napi::Value ListenSocket::GetIpv6Only(const Napi::CallbackInfo& info) {
  const bool only = Guard(info.Env(), [&] { return IsIpv6Only(Open(info.Env())); });
  return Napi::Boolean::New(info.Env(), only);
}

void ListenSocket::OpenToMembers(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { AllowReusePort(Open(info.Env())); });
}

Napi::Value ListenSocket::Member(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Made made{Guard(env, [&] { return ListenAsMember(Open(env), backlog_); }), backlog_};
  return Instance::Of(env).listen_socket.New({Napi::External<Made>::New(env, &made)});
}

Napi::Value ListenSocket::GetQueueLength(const Napi::CallbackInfo& info) {
  const int length = Guard(info.Env(), [&] { return QueueLength(Open(info.Env())); });
  return Napi::Number::New(info.Env(), length);
}

Napi::Value ListenSocket::AcceptOne(const Napi::CallbackInfo& info) {
  UniqueFd connection = Guard(info.Env(), [&] { return Accept(Open(info.Env())); });
  return Napi::Number::New(info.Env(), connection.release());
}

Napi::Value ListenSocket::ShareFd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Share(info.Env()).release());
}

// deferAccept(defer)
void ListenSocket::Defer(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { DeferAccept(Open(info.Env()), info[0].ToBoolean()); });
}

// retire(): false where the system cannot, or where the filter would outlive us on a socket that is
// somebody else's too.
Napi::Value ListenSocket::Retire(const Napi::CallbackInfo& info) {
  if (is_others_) return Napi::Boolean::New(info.Env(), false);
  const bool refuses = Guard(info.Env(), [&] { return RefuseNewHandshakes(Open(info.Env())); });
  return Napi::Boolean::New(info.Env(), refuses);
}

// isOthers(): somebody else listens on it too, and goes on when we end.
Napi::Value ListenSocket::GetIsOthers(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), is_others_);
}

// own(backlog): whoever listened on it has ended to, or is about to.
void ListenSocket::Own(const Napi::CallbackInfo& info) {
  const int backlog = info[0].ToNumber();
  Guard(info.Env(), [&] {
    SetBacklog(Open(info.Env()), backlog);
    AcceptNewHandshakes(Open(info.Env()));
  });
  backlog_ = backlog;
  is_others_ = false;
}

// noDelay(on): of connections to come.
void ListenSocket::NoDelay(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { SetNoDelay(Open(info.Env()), info[0].ToBoolean()); });
}

void ListenSocket::DetachProgram(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { DetachSelector(Open(info.Env())); });
}

void ListenSocket::Close(const Napi::CallbackInfo&) { fd_.reset(); }

void ListenSocket::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "ListenSocket",
      {InstanceMethod("fd", &ListenSocket::GetFd),
       InstanceMethod("address", &ListenSocket::GetAddress),
       InstanceMethod("ipv6Only", &ListenSocket::GetIpv6Only),
       InstanceMethod("allowReusePort", &ListenSocket::OpenToMembers),
       InstanceMethod("member", &ListenSocket::Member),
       InstanceMethod("queueLength", &ListenSocket::GetQueueLength),
       InstanceMethod("accept", &ListenSocket::AcceptOne),
       InstanceMethod("share", &ListenSocket::ShareFd),
       InstanceMethod("deferAccept", &ListenSocket::Defer),
       InstanceMethod("retire", &ListenSocket::Retire),
       InstanceMethod("isOthers", &ListenSocket::GetIsOthers),
       InstanceMethod("own", &ListenSocket::Own), InstanceMethod("noDelay", &ListenSocket::NoDelay),
       InstanceMethod("detachSelector", &ListenSocket::DetachProgram),
       InstanceMethod("close", &ListenSocket::Close)});
  Instance::Of(env).listen_socket = Napi::Persistent(constructor);
  exports.Set("ListenSocket", constructor);
}

}  // namespace evenkeel
