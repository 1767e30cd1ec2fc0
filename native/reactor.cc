#include "reactor.h"

#include <system_error>

#include "fd_room.h"
#include "instance.h"

namespace evenkeel {

std::shared_ptr<Reactor> Reactor::Of(Napi::Env env) {
  std::shared_ptr<Reactor>& reactor = Instance::Of(env).reactor;
  if (reactor == nullptr) {
    reactor = Guard(env, [&] { return std::make_shared<Reactor>(env); });
  }
  return reactor;
}

Reactor::Reactor(Napi::Env env) : env_(env) {
  FdRoom::OfProcess();  // opens what it needs now: it is asked when there may be no descriptor left
  async_ =
      std::make_unique<LoopHandle<uv_async_t>>(env, this, [](uv_loop_t* loop, uv_async_t* async) {
        return uv_async_init(loop, async, [](uv_async_t* handle) {
          static_cast<Reactor*>(handle->data)->Deliver();
        });
      });
  async_->Unref();
  try {
    thread_ = StartThread([this] { Run(); });
  } catch (const std::system_error& failure) {
    async_->Close();
    throw SystemFailure{failure.code().value(), "pthread_create"};
  }
  // Added after the async's own hook, so run before it: the thread is over when that handle closes.
  napi_add_env_cleanup_hook(env, OnCleanup, this);
}

Reactor::~Reactor() {
  if (thread_.joinable()) napi_remove_env_cleanup_hook(env_, OnCleanup, this);
  Stop();
}

void Reactor::OnCleanup(void* reactor) { static_cast<Reactor*>(reactor)->Stop(); }

void Reactor::Stop() {
  {
    auto lock = Lock();
    stopping_ = true;
  }
  poller_.Wake();
  if (thread_.joinable()) thread_.join();
}

void Reactor::Add(Source* source) {
  source->id_ = ++last_id_;
  sources_.emplace(source->id_, source);
}

void Reactor::Remove(Source* source) { sources_.erase(source->id_); }

void Reactor::Watch(Source* source, int socket, Poller::Place place) {
  poller_.Watch(socket, source->id_, place);
}

void Reactor::Unwatch(int socket) { poller_.Unwatch(socket); }

void Reactor::SetDeadline(Source* source, uint64_t time) {
  source->deadline_ = time;
  if (time < sleeping_until_) poller_.Wake();
}

void Reactor::Report(Source* source, const SystemFailure& failure) { Send({source->id_, failure}); }

void Reactor::Post(Source* source) { Send({source->id_, std::nullopt}); }

void Reactor::Send(Message message) {
  messages_.push_back(std::move(message));
  // Open as long as the thread runs, see the constructor.
  if (async_->get() != nullptr) uv_async_send(async_->get());
}

void Reactor::Deliver() {
  for (;;) {
    auto lock = Lock();
    if (messages_.empty()) return;
    const Message message = std::move(messages_.front());
    messages_.pop_front();
    auto found = sources_.find(message.to);
    if (found == sources_.end()) continue;
    Source* source = found->second;  // only this thread removes sources
    lock.unlock();
    if (message.failure.has_value()) {
      source->OnFailure(*message.failure);
    } else {
      source->OnPost();
    }
  }
}

uint64_t Reactor::NextDeadline() const {
  uint64_t next = kNever;
  for (const auto& [id, source] : sources_) {
    if (source->deadline_ < next) next = source->deadline_;
  }
  return next;
}

void Reactor::Run() {
  auto lock = Lock();
  while (!stopping_) {
    const uint64_t now = uv_hrtime();
    const uint64_t next = NextDeadline();
    const uint64_t timeout = next == kNever ? kNever : next <= now ? 0 : next - now;
    sleeping_until_ = next;
    lock.unlock();
    const std::vector<uint64_t>& ready = poller_.Wait(timeout);
    lock.lock();
    sleeping_until_ = 0;
    for (const uint64_t id : ready) {
      if (stopping_) break;
      if (id == Poller::kWaker) {
        for (const auto& [number, source] : sources_) source->OnWaker();
        continue;
      }
      auto found = sources_.find(id);  // removed meanwhile, or the bell: nothing
      if (found != sources_.end()) found->second->OnReadable();
    }
    const uint64_t after = uv_hrtime();
    // A source may change the deadlines of others, but not remove any.
    for (const auto& [id, source] : sources_) {
      if (source->deadline_ > after) continue;
      source->deadline_ = kNever;
      source->OnDeadline();
    }
  }
}

}  // namespace evenkeel
