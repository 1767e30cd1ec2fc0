// The lane of Windows, native/win/lane_pipe.cc, between two threads instead of two processes: a
// primary that sends, takes back and cannot always duplicate, and a worker that is slow, cannot
// always open, and dies at any step. Every connection is had once, by one of them, and no duplicate
// stays open. Sockets, events and memory are this file's.
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#define _WIN32 1
#define private public
#include "../../../native/lane_pipe.h"
#include "../../../native/win/lane_pipe.cc"
#undef private

namespace {

void Check(bool right, const char* what) {
  if (right) return;
  fprintf(stderr, "%s\n", what);
  exit(1);
}

struct Waitable {
  std::atomic<bool> set{false};
};
std::mutex names_mutex;
std::map<std::string, std::unique_ptr<Waitable>> events;
std::map<std::string, std::unique_ptr<char[]>> memories;

// A socket's number: of the connection, and whose handle it is.
constexpr int kConnections = 40'000;
std::array<std::atomic<int>, kConnections> in_primary;  // handles
std::array<std::atomic<int>, kConnections> unopened;    // duplicates nobody has opened
std::array<std::atomic<int>, kConnections> in_worker;
std::array<std::atomic<int>, kConnections> taken;
constexpr int kWorkers = 1 << 20;

std::atomic<int> refuse_every{0};  // what is opened and duplicated fails so often
std::atomic<int> dies_in{0};       // opened before its end
std::atomic<int> dying{-1};        // what it was about to open then
struct Death {};

bool Refuses() {
  thread_local std::minstd_rand random(std::hash<std::thread::id>()(std::this_thread::get_id()));
  const int every = refuse_every;
  return every != 0 && random() % every == 0;
}

}  // namespace

void SetEvent(HANDLE event) { static_cast<Waitable*>(event)->set = true; }
DWORD WaitForSingleObject(HANDLE event, DWORD) {
  return static_cast<Waitable*>(event)->set.exchange(false) ? WAIT_OBJECT_0 : 258;
}
void CloseHandle(HANDLE) {}

namespace evenkeel {

void ThrowErrno(const char* syscall) { throw SystemFailure{WSAENOBUFS, syscall}; }
void CloseDescriptor(int fd) {
  auto& handles = fd >= kWorkers ? in_worker[fd - kWorkers] : in_primary[fd];
  Check(--handles == 0, "closed twice");
}
void DuplicateFor(int fd, uint32_t, WSAPROTOCOL_INFOW* shared) {
  if (Refuses()) ThrowErrno("WSADuplicateSocket");
  Check(in_primary[fd] == 1, "what is closed was duplicated");
  unopened[fd]++;
  shared->connection = fd;
}
UniqueFd OpenShared(WSAPROTOCOL_INFOW shared) {
  const int fd = shared.connection;
  if (dies_in > 0 && --dies_in == 0) {
    dying = fd;
    throw Death();
  }
  // What cannot be opened is closed with the process.
  Check(--unopened[fd] >= 0, "opened twice");
  if (Refuses()) ThrowErrno("WSASocket");
  in_worker[fd]++;
  return UniqueFd(kWorkers + fd);
}

SharedMemory SharedMemory::Create(size_t size) {
  static int number = 0;
  SharedMemory memory;
  memory.name_ = "memory-" + std::to_string(++number);
  std::lock_guard<std::mutex> lock(names_mutex);
  auto& base = memories[memory.name_] = std::make_unique<char[]>(size);
  memory.base_ = base.get();
  return memory;
}
SharedMemory SharedMemory::Open(Token token, size_t) {
  SharedMemory memory;
  std::lock_guard<std::mutex> lock(names_mutex);
  memory.base_ = memories.at(token).get();
  return memory;
}
SharedMemory::~SharedMemory() {}  // the test's
Token SharedMemory::Share() const { return name_; }

Event Event::Make(std::string name) {
  {
    std::lock_guard<std::mutex> lock(names_mutex);
    events[name] = std::make_unique<Waitable>();
  }
  return Open(name);
}
Event Event::Open(std::string name) {
  Event event;
  std::lock_guard<std::mutex> lock(names_mutex);
  event.handle_ = UniqueHandle(events.at(name).get());
  event.name_ = name;
  return event;
}
Bell Bell::Make() {
  static int number = 0;
  return Bell(Event::Make("bell-" + std::to_string(++number)));
}
Token Bell::Share() const { return native_.name(); }

// `wait_` is the event; `env_` says that the loop is to call soon.
EventWatch::EventWatch(Napi::Env, HANDLE event, std::function<void()> on_set)
    : env_(nullptr), on_set_(std::move(on_set)), wait_(event) {}
void EventWatch::CallSoon() { env_ = this; }
void EventWatch::Close() {}

}  // namespace evenkeel

namespace {

using namespace evenkeel;

void Worker(const Token& token, std::atomic<bool>* stop) {
  std::minstd_rand random(7);
  std::unique_ptr<LaneOutlet> lane;
  try {
    lane = std::make_unique<LaneOutlet>(Napi::Env(), token, [&] {
      Burst burst;
      if (lane->Receive(&burst) != ReceiveResult::kMessage) return;
      for (uint32_t i = 0; i < burst.count; i++) {
        const int connection = burst.fds[i].get() - kWorkers;
        Check(burst.lease == static_cast<uint32_t>(connection) % 3, "not its lease");
        taken[connection]++;
      }
    });
    lane->Start();
    EventWatch& watch = lane->watch_;
    while (!*stop) {
      const bool soon = std::exchange(watch.env_, nullptr) != nullptr;
      if (lane->event_.Take() || soon) watch.on_set_();
      if (random() % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      if (random() % 256 == 0) {
        lane->Pause();
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        lane->Start();
      }
    }
  } catch (const Death&) {
  }
}

// One worker's life. Of the connections from `first` on, `count` are sent until each is taken.
void Run(int first, int count, bool dies, std::minstd_rand* random) {
  const Bell waker = Bell::Make();
  LanePipe pipe(waker);
  pipe.SetWorker(1);
  std::atomic<bool> stop{false};
  dies_in = dies ? 1 + (*random)() % count : 0;
  std::thread worker(Worker, pipe.Share(), &stop);
  std::deque<UniqueFd> held;
  for (int i = 0; i < count; i++) {
    in_primary[first + i] = 1;
    held.emplace_back(first + i);
  }
  const auto take_back = [&] {
    Burst burst;
    while (pipe.TakeBack(&burst) == ReceiveResult::kMessage) {
      for (uint32_t i = 0; i < burst.count; i++) held.push_back(std::move(burst.fds[i]));
    }
  };
  const auto left = [&] {
    if (!held.empty()) return true;
    pipe.Tend();
    for (const UniqueFd& source : pipe.sources_) {
      if (source.valid()) return true;
    }
    return false;
  };
  for (const auto began = std::chrono::steady_clock::now(); left();) {
    if (dies && dies_in == 0) break;
    Check(std::chrono::steady_clock::now() - began < std::chrono::seconds(20), "lies for ever");
    if (!held.empty()) {
      Burst burst;
      const uint32_t most = 1 + (*random)() % kMaxBurst;
      burst.lease = static_cast<uint32_t>(held.front().get()) % 3;
      while (!held.empty() && burst.count < most &&
             static_cast<uint32_t>(held.front().get()) % 3 == burst.lease) {
        burst.fds[burst.count++] = std::move(held.front());
        held.pop_front();
      }
      const SendResult result = pipe.Send(&burst);
      Check(result != SendResult::kClosed, "closed");
      for (uint32_t i = 0; i < burst.count; i++) held.push_back(std::move(burst.fds[i]));
    }
    if ((*random)() % 8 == 0 || pipe.HasRefused()) take_back();
    if ((*random)() % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
    if ((*random)() % 32 == 0) {
      Burst nudge;
      pipe.Send(&nudge);
    }
  }
  if (!dies) {  // what it has duplicates of still is closed as it comes past
    for (int i = 0; i < 200; i++) {
      pipe.event_.Set();
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  stop = true;
  worker.join();
  for (int i = first; i < first + count; i++) {
    Check(in_worker[i] == 0, "a duplicate stays open");
    if (!dies) Check(unopened[i] == 0, "a duplicate was never closed");
    unopened[i] = 0;
  }
  if (dies) {
    pipe.SetDead();
    const bool was_sent = in_primary[dying] == 1;  // not to be closed, but taken back before
    take_back();
    bool found = false;
    for (const UniqueFd& fd : held) found = found || fd.get() == dying;
    Check(found || !was_sent, "what it had not opened is lost");
    for (const UniqueFd& fd : held) Check(taken[fd.get()] == 0, "taken, and taken back");
    for (UniqueFd& fd : held) {
      taken[fd.get()] = 1;
      fd.reset();
    }
  }
  pipe.Close();
  for (int i = first; i < first + count; i++) {
    Check(in_primary[i] == 0, "the primary's stays open");
    Check(taken[i] <= 1, "taken twice");
    // What it had opened and was about to tell of died with it.
    Check(taken[i] == 1 || dies, "lost");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::minstd_rand random(argc > 1 ? atoi(argv[1]) : std::random_device()());
  int first = 0;
  for (int i = 0; first < kConnections; i++) {
    const bool dies = i % 2 == 1;
    refuse_every = i % 3 == 0 ? 0 : 20;
    const int count = dies ? 200 : 800;
    if (first + count > kConnections) break;
    Run(first, count, dies, &random);
    first += count;
  }
}
