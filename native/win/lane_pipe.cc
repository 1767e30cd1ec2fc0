#include "../lane_pipe.h"

#include <cstring>

#include "../error.h"
#include "socket_sharing.h"

namespace evenkeel {
namespace {

constexpr char kBellSuffix[] = "-bell";

LaneMemory* In(const SharedMemory& memory) { return static_cast<LaneMemory*>(memory.base()); }

uint32_t After(uint32_t entry, uint32_t steps = 1) { return (entry + steps) % kLaneEntries; }

bool Change(LaneEntry* entry, uint32_t from, uint32_t to) {
  return entry->state.compare_exchange_strong(from, to, std::memory_order_acq_rel);
}

// What became of a connection that could not be duplicated for a worker.
SendResult ResultOf(const SystemFailure& failure) {
  if (failure.number == WSAENOTSOCK) throw SystemFailure{kClosedDescriptor, failure.syscall};
  // No memory, which may end; or no process, whose end the primary is about to hear.
  return SendResult::kAgain;
}

}  // namespace

LanePipe::LanePipe(const Bell& waker) : memory_(SharedMemory::Create(sizeof(LaneMemory))) {
  const std::string name = waker.Share();
  if (name.size() >= kNameSize) throw SystemFailure{kInvalidArgument, "CreateFileMapping"};
  LaneMemory* memory = In(memory_);
  memory->magic = kLaneMagic;
  memcpy(memory->waker, name.c_str(), name.size() + 1);
  event_ = Event::Make(memory_.Share() + kBellSuffix);
}

void LanePipe::SetWorker(uint32_t pid) { pid_ = pid; }

SendResult LanePipe::Send(Burst* burst) {
  if (!CanSend()) return SendResult::kClosed;
  Tend();
  LaneMemory* memory = In(memory_);
  if (burst->count == 0) {
    memory->nudged.store(1, std::memory_order_release);
    event_.Set();
    return SendResult::kSent;
  }
  for (uint32_t i = 0; i < burst->count; i++) {
    const LaneEntry& entry = memory->entries[After(next_, i)];
    if (entry.state.load(std::memory_order_acquire) != kEmpty) return SendResult::kAgain;
  }
  for (uint32_t i = 0; i < burst->count; i++) {
    LaneEntry& entry = memory->entries[After(next_, i)];
    try {
      DuplicateFor(burst->fds[i].get(), pid_, &entry.socket);
    } catch (const SystemFailure& failure) {
      // The worker has duplicates of those before: it is to close them.
      for (uint32_t k = 0; k < i; k++) {
        memory->entries[After(next_, k)].state.store(kRecalled, std::memory_order_release);
      }
      next_ = After(next_, i);
      if (i > 0) event_.Set();
      return ResultOf(failure);
    }
    entry.lease = burst->lease;
    entry.hops = burst->hops;
  }
  for (uint32_t i = 0; i < burst->count; i++) {
    const uint32_t at = After(next_, i);
    sources_[at] = std::move(burst->fds[i]);
    memory->entries[at].state.store(kSent, std::memory_order_release);
  }
  next_ = After(next_, burst->count);
  *burst = Burst{};
  event_.Set();
  return SendResult::kSent;
}

// Changes the state so that the worker does not take it any more.
bool LanePipe::Reclaim(LaneEntry* entry) {
  if (dead_) {
    // About to be taken is not taken: nothing was read of it.
    const uint32_t state = entry->state.load(std::memory_order_acquire);
    if (state != kSent && state != kTaking && state != kRefused) return false;
    entry->state.store(kEmpty, std::memory_order_release);
    return true;
  }
  return Change(entry, kSent, kRecalled) || Change(entry, kRefused, kEmpty);
}

ReceiveResult LanePipe::TakeBack(Burst* burst) {
  *burst = Burst{};
  if (!open_) return ReceiveResult::kClosed;
  Tend();
  // The oldest first, as the worker would.
  for (uint32_t i = 0; i < kLaneEntries && burst->count < kMaxBurst; i++) {
    const uint32_t at = After(next_, i);
    LaneEntry* entry = &In(memory_)->entries[at];
    if (!sources_[at].valid()) continue;
    const uint32_t lease = entry->lease;
    const uint8_t hops = static_cast<uint8_t>(entry->hops);
    if (burst->count > 0 && (lease != burst->lease || hops != burst->hops)) break;
    if (!Reclaim(entry)) continue;
    burst->lease = lease;
    burst->hops = hops;
    burst->fds[burst->count++] = std::move(sources_[at]);
  }
  if (burst->count == 0) return ReceiveResult::kNone;
  if (!dead_) event_.Set();  // it has duplicates to close
  return ReceiveResult::kMessage;
}

bool LanePipe::IsEmpty() const {
  if (!open_) return true;
  for (uint32_t i = 0; i < kLaneEntries; i++) {
    const uint32_t state = In(memory_)->entries[i].state.load(std::memory_order_acquire);
    if (sources_[i].valid() && (state == kSent || state == kRefused)) return false;
  }
  return true;
}

void LanePipe::Tend() {
  if (!open_) return;
  for (uint32_t i = 0; i < kLaneEntries; i++) {
    if (!sources_[i].valid()) continue;
    std::atomic<uint32_t>& state = In(memory_)->entries[i].state;
    const uint32_t now = state.load(std::memory_order_acquire);
    if (now == kSent || now == kTaking || now == kRefused) continue;
    sources_[i].reset();  // taken; or whatever the worker wrote there: it says it has it
    state.store(kEmpty, std::memory_order_release);
  }
}

bool LanePipe::HasRefused() const {
  for (uint32_t i = 0; i < kLaneEntries; i++) {
    if (!sources_[i].valid()) continue;
    if (In(memory_)->entries[i].state.load(std::memory_order_acquire) == kRefused) return true;
  }
  return false;
}

bool LanePipe::CanSend() const { return open_ && sending_; }

void LanePipe::StopSending() { sending_ = false; }

void LanePipe::SetDead() {
  sending_ = false;
  dead_ = true;
}

Token LanePipe::Share() const { return memory_.Share(); }

// It stays mapped as long as this lives: others may look meanwhile.
void LanePipe::Close() {
  open_ = false;
  for (UniqueFd& source : sources_) source.reset();
  event_ = Event();
  memory_.StopSharing();
}

LaneOutlet::LaneOutlet(Napi::Env env, Token token, std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)),
      memory_(SharedMemory::Open(token, sizeof(LaneMemory))),
      event_(Event::Open(token + kBellSuffix)),
      watch_(env, event_.handle(), [this] { OnEvent(); }) {
  LaneMemory* memory = In(memory_);
  if (memory->magic != kLaneMagic) throw SystemFailure{kInvalidArgument, "MapViewOfFile"};
  waker_ = Event::Open(std::string(memory->waker, strnlen(memory->waker, kNameSize)));
}

void LaneOutlet::Start() {
  started_ = true;
  watch_.CallSoon();  // for what is there already
}

void LaneOutlet::Pause() { started_ = false; }

// One burst in a turn of the loop, as where a poll is level-triggered.
void LaneOutlet::OnEvent() {
  if (!started_ || !Peek()) return;
  on_ready_();
  if (started_ && Peek()) watch_.CallSoon();
}

// Whether there is anything to receive. What was taken back on the way is closed here.
bool LaneOutlet::Peek() {
  LaneMemory* memory = In(memory_);
  for (uint32_t i = 0; i < kLaneEntries; i++) {
    LaneEntry* entry = &memory->entries[next_];
    const uint32_t state = entry->state.load(std::memory_order_acquire);
    if (state == kSent) return true;
    if (state != kRecalled) break;
    try {
      OpenShared(entry->socket);  // and closes it
    } catch (const SystemFailure&) {
      // What cannot be opened cannot be closed either: it is closed with this process.
    }
    entry->state.store(kEmpty, std::memory_order_release);
    next_ = After(next_);
  }
  return memory->nudged.load(std::memory_order_acquire) != 0;
}

ReceiveResult LaneOutlet::Receive(Burst* burst) {
  *burst = Burst{};
  if (!IsOpen()) return ReceiveResult::kClosed;
  LaneMemory* memory = In(memory_);
  bool came = false;
  while (Peek() && burst->count + burst->lost < kMaxBurst) {
    LaneEntry* entry = &memory->entries[next_];
    if (entry->state.load(std::memory_order_acquire) != kSent) break;  // nudged
    const uint32_t lease = entry->lease;
    const uint8_t hops = static_cast<uint8_t>(entry->hops);
    if (burst->count > 0 && (lease != burst->lease || hops != burst->hops)) break;
    if (!Change(entry, kSent, kTaking)) continue;  // taken back just now
    came = true;
    next_ = After(next_);
    try {
      UniqueFd socket = OpenShared(entry->socket);
      burst->lease = lease;
      burst->hops = hops;
      burst->fds[burst->count++] = std::move(socket);
      entry->state.store(kTaken, std::memory_order_release);
    } catch (const SystemFailure&) {
      entry->state.store(kRefused, std::memory_order_release);  // another one gets it
    }
  }
  if (came) waker_.Set();
  if (burst->count > 0) return ReceiveResult::kMessage;
  const bool nudged = memory->nudged.exchange(0, std::memory_order_acq_rel) != 0;
  return nudged ? ReceiveResult::kMessage : ReceiveResult::kNone;
}

bool LaneOutlet::IsOpen() const { return open_; }

void LaneOutlet::Close() {
  open_ = started_ = false;
  watch_.Close();
  event_ = Event();
  waker_ = Event();
}

}  // namespace evenkeel
