#include "channel.h"

#include "../callback.h"
#include "../error.h"
#include "../socket.h"

namespace evenkeel {
namespace {

// {type, lease, hops, payload, fd}; fd is -1 where none came. The message still owns the fd.
Napi::Object ToObject(Napi::Env env, const Message& message) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("type", static_cast<uint32_t>(message.type));
  object.Set("lease", message.lease);
  object.Set("hops", static_cast<uint32_t>(message.hops));
  object.Set("payload", message.payload);
  object.Set("fd", message.fd.get());
  return object;
}

}  // namespace

// new Channel(onMessage, onError, fd?): with fd, the end a worker was given; without, a new pair,
// whose other end peerFd() is the worker's and stays open here too (see Endpoint::Recover).
Channel::Channel(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Channel>(info), context_(info.Env(), "evenkeel.Channel") {
  Napi::Env env = info.Env();
  UniqueFd own, peer;
  if (info[2].IsNumber()) own.reset(info[2].ToNumber().Int32Value());
  if (!info[0].IsFunction() || !info[1].IsFunction()) {
    throw Napi::TypeError::New(env, "Channel: (onMessage, onError, fd?) expected");
  }
  on_message_ = Napi::Persistent(info[0].As<Napi::Function>());
  on_error_ = Napi::Persistent(info[1].As<Napi::Function>());
  if (own.valid()) {
    // Inherited across exec, so without close-on-exec: this process's own children shall not have
    // it.
    Guard(env, [&] { CloseOnExec(own.get()); });
  } else {
    Guard(env, [&] { MakeChannel(&own, &peer); });
  }
  endpoint_ = std::make_shared<Endpoint>(
      env, std::move(own), std::move(peer),
      Endpoint::Handlers{[this](Message message) { Deliver(std::move(message)); },
                         [this](const SystemFailure& failure) { Report(failure); }});
  Ref();  // the endpoint's handlers point here: Close() ends that
}

void Channel::Deliver(Message message) {
  if (on_message_.IsEmpty()) return;
  IntoJavaScript(Env(), [&] {
    Napi::Object object = ToObject(Env(), message);
    message.fd.release();  // the callback's from here on
    on_message_.MakeCallback(Value(), {object}, context_);
  });
}

void Channel::Report(const SystemFailure& failure) {
  if (on_error_.IsEmpty()) return;
  IntoJavaScript(
      Env(), [&] { on_error_.MakeCallback(Value(), {ToError(Env(), failure).Value()}, context_); });
}

void Channel::Start(const Napi::CallbackInfo& info) {
  Guard(info.Env(), [&] { endpoint_->Start(); });
}

// send(type, lease, hops, payload, fd): takes the fd (-1: none) whatever comes of it.
Napi::Value Channel::Send(const Napi::CallbackInfo& info) {
  Message message;
  message.fd.reset(info[4].IsNumber() ? info[4].ToNumber().Int32Value() : -1);
  message.type = static_cast<MessageType>(info[0].ToNumber().Uint32Value());
  message.lease = info[1].ToNumber().Uint32Value();
  message.hops = static_cast<uint8_t>(info[2].ToNumber().Uint32Value());
  if (info[3].IsString()) message.payload = info[3].ToString().Utf8Value();
  if (message.payload.size() > kMaxPayload) {
    throw Napi::RangeError::New(info.Env(), "Channel: payload above 60 KiB");
  }
  const bool sent = Guard(info.Env(), [&] { return endpoint_->Send(std::move(message)); });
  return Napi::Boolean::New(info.Env(), sent);
}

// The next message if one is there already, else undefined. For the worker's first look, before its
// loop runs.
Napi::Value Channel::ReceiveNow(const Napi::CallbackInfo& info) {
  Message message;
  const ReceiveResult result =
      Guard(info.Env(), [&] { return Receive(endpoint_->fd(), &message); });
  if (result != ReceiveResult::kMessage) return info.Env().Undefined();
  Napi::Object object = ToObject(info.Env(), message);
  message.fd.release();
  return object;
}

Napi::Value Channel::Recover(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::deque<Message> left = Guard(env, [&] { return endpoint_->Recover(); });
  Napi::Array array = Napi::Array::New(env);
  for (Message& message : left) {
    if (message.type == MessageType::kReturned && message.fd.valid()) {
      array.Set(array.Length(), ToObject(env, message));
      message.fd.release();
    }
  }
  return array;
}

Napi::Value Channel::PeerFd(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), endpoint_->peer());
}

void Channel::Close(const Napi::CallbackInfo&) {
  endpoint_->Close();
  if (!open_) return;
  open_ = false;
  // Closures that lead back here: held, they would keep each other and the whole worker alive.
  on_message_.Reset();
  on_error_.Reset();
  Unref();
}

void Channel::Init(Napi::Env env, Napi::Object exports) {
  Napi::Function constructor = DefineClass(
      env, "Channel",
      {InstanceMethod("start", &Channel::Start), InstanceMethod("send", &Channel::Send),
       InstanceMethod("receiveNow", &Channel::ReceiveNow),
       InstanceMethod("recover", &Channel::Recover), InstanceMethod("peerFd", &Channel::PeerFd),
       InstanceMethod("close", &Channel::Close)});
  exports.Set("Channel", constructor);

  Napi::Object types = Napi::Object::New(env);
  const auto set = [&](const char* name, MessageType type) {
    types.Set(name, static_cast<uint32_t>(type));
  };
  set("hello", MessageType::kHello);
  set("answer", MessageType::kAnswer);
  set("bell", MessageType::kBell);
  set("lane", MessageType::kLane);
  set("waker", MessageType::kWaker);
  set("returned", MessageType::kReturned);
  set("drain", MessageType::kDrain);
  set("lend", MessageType::kLend);
  exports.Set("messageTypes", types);
}

}  // namespace evenkeel
