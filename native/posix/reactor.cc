#include "reactor.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

#include "../fd_room.h"
#include "../instance.h"
#include "../socket.h"
#include "bell.h"

namespace evenkeel {
namespace {

constexpr int kEventsAtOnce = 64;
// What epoll calls its own; sources begin behind.
constexpr uint64_t kBell = 0;
constexpr uint64_t kWaker = 1;

}  // namespace

std::shared_ptr<Reactor> Reactor::Of(Napi::Env env) {
  std::shared_ptr<Reactor>& reactor = Instance::Of(env).reactor;
  if (reactor == nullptr) reactor = std::make_shared<Reactor>(env);
  return reactor;
}

Reactor::Reactor(Napi::Env env) : env_(env) {
  FdRoom::OfProcess();  // opens what it needs now: it is asked when there may be no descriptor left
  Guard(env, [&] {
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.valid()) ThrowErrno("epoll_create1");
    bell_ = MakeBell();
    waker_ = MakeBell();
    for (const auto& [id, fd] : {std::pair(kBell, bell_.get()), std::pair(kWaker, waker_.get())}) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = id;
      if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) ThrowErrno("epoll_ctl");
    }
  });
  async_ =
      std::make_unique<LoopHandle<uv_async_t>>(env, this, [](uv_loop_t* loop, uv_async_t* async) {
        return uv_async_init(loop, async, [](uv_async_t* handle) {
          static_cast<Reactor*>(handle->data)->Deliver();
        });
      });
  async_->Unref();
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& failure) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    async_->Close();
    throw ToError(env, SystemFailure{failure.code().value(), "pthread_create"});
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Added after the async's own hook, so run before it: the thread is over when that handle closes.
  napi_add_env_cleanup_hook(
      env, [](void* reactor) { static_cast<Reactor*>(reactor)->Stop(); }, this);
}

Reactor::~Reactor() {
  if (thread_.joinable()) {
    napi_remove_env_cleanup_hook(
        env_, [](void* reactor) { static_cast<Reactor*>(reactor)->Stop(); }, this);
  }
  Stop();
}

void Reactor::Stop() {
  {
    auto lock = Lock();
    stopping_ = true;
  }
  Ring(bell_.get());
  if (thread_.joinable()) thread_.join();
}

UniqueFd Reactor::ShareWaker() const { return Duplicate(waker_.get()); }

void Reactor::Add(Source* source) {
  source->id_ = ++last_id_;
  sources_.emplace(source->id_, source);
}

void Reactor::Remove(Source* source) { sources_.erase(source->id_); }

void Reactor::Watch(Source* source, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = source->id_;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) ThrowErrno("epoll_ctl");
}

// ENOENT: it was not watched.
void Reactor::Unwatch(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Reactor::SetDeadline(Source* source, uint64_t time) {
  source->deadline_ = time;
  if (time < sleeping_until_) Ring(bell_.get());
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
  epoll_event events[kEventsAtOnce];
  auto lock = Lock();
  while (!stopping_) {
    const uint64_t now = uv_hrtime();
    const uint64_t next = NextDeadline();
    int timeout = -1;
    if (next != kNever) {
      // Rounded up: a deadline is never early. Below a millisecond it is a millisecond.
      timeout = next <= now ? 0 : static_cast<int>((next - now + 999'999) / 1'000'000);
    }
    sleeping_until_ = next;
    lock.unlock();
    // Fails only with EINTR; signals are blocked here, but a debugger may interrupt.
    const int ready = epoll_wait(epoll_.get(), events, kEventsAtOnce, timeout);
    lock.lock();
    sleeping_until_ = 0;
    for (int i = 0; i < ready && !stopping_; i++) {
      const uint64_t id = events[i].data.u64;
      if (id == kBell) {
        Hear(bell_.get());
        continue;
      }
      if (id == kWaker) {
        Hear(waker_.get());
        for (const auto& [number, source] : sources_) source->OnWaker();
        continue;
      }
      auto found = sources_.find(id);  // removed meanwhile: nothing
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
