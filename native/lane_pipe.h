#pragma once

#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "bell.h"
#include "burst.h"
#include "loop_handle.h"
#include "token.h"

#ifdef _WIN32
#include "shared_memory.h"
#include "win/event_watch.h"
#include "win/lane_memory.h"
#endif

// What carries a lane: accepted connections from the primary to one worker, several in one burst
// when several wait. On POSIX a SOCK_SEQPACKET pair, which keeps a burst whole, and SCM_RIGHTS; on
// Windows shared memory and WSADuplicateSocketW(), see win/lane_memory.h.
namespace evenkeel {

// The primary's end, and what takes back from the other one.
class LanePipe {
 public:
  // `waker`: what wakes the primary's reactor. Throws SystemFailure.
  explicit LanePipe(const Bell& waker);
  LanePipe(const LanePipe&) = delete;
  LanePipe& operator=(const LanePipe&) = delete;
  ~LanePipe() { Close(); }

  // Whose it is; before the first Send().
  void SetWorker(uint32_t pid);
  // What is kSent has left `burst`, and is here no more as soon as its worker has it. Throws
  // SystemFailure for what neither waiting nor giving up on the lane would mend: kClosedDescriptor
  // where one of the connections is none.
  SendResult Send(Burst* burst);
  // What the worker would receive next, instead of it. `burst` is replaced. Throws SystemFailure.
  ReceiveResult TakeBack(Burst* burst);
  // True where there is nothing to receive.
  bool IsEmpty() const;
  // Lets go of what the worker has. Called when it rings, and before anything is sent.
  void Tend();
  // The worker could not open what it was sent: to be taken back, and soon. Never on POSIX.
  bool HasRefused() const;
  bool CanSend() const;
  void StopSending();
  // The worker is dead: TakeBack() also finds what it was just about to take.
  void SetDead();
  // For the worker's LaneOutlet.
  Token Share() const;
  void Close();

 private:
#ifdef _WIN32
  bool Reclaim(LaneEntry* entry);

  SharedMemory memory_;
  Event event_;
  std::array<UniqueFd, kLaneEntries> sources_;  // of what is sent and not known to be taken
  uint32_t next_ = 0;                           // entry to send in
  uint32_t pid_ = 0;
  bool open_ = true;
  bool sending_ = true;
  bool dead_ = false;
#else
  UniqueFd out_;
  UniqueFd in_;  // a duplicate of the worker's end
#endif
};

// The worker's end. Used from its loop's thread.
class LaneOutlet {
 public:
  // Takes the token. `on_ready` is called on the loop as long as there is something to receive, and
  // does not keep it alive. Throws SystemFailure or Napi::Error.
  LaneOutlet(Napi::Env env, Token token, std::function<void()> on_ready);
  LaneOutlet(const LaneOutlet&) = delete;
  LaneOutlet& operator=(const LaneOutlet&) = delete;
  ~LaneOutlet() { Close(); }

  void Start();
  void Pause();
  // `burst` is replaced. Never kNoFd. Throws SystemFailure.
  ReceiveResult Receive(Burst* burst);
  bool IsOpen() const;
  void Close();

 private:
  std::function<void()> on_ready_;
#ifdef _WIN32
  void OnEvent();
  bool Peek();

  SharedMemory memory_;
  Event event_;
  EventWatch watch_;
  Event waker_;
  uint32_t next_ = 0;  // entry to receive from
  bool open_ = true;
  bool started_ = false;
#else
  UniqueFd fd_;
  std::unique_ptr<LoopHandle<uv_poll_t> > poll_;
#endif
};

}  // namespace evenkeel
