#pragma once

#include <napi.h>

#include <map>
#include <memory>

#include "lane_pipe.h"
#include "load_table.h"
#include "reactor.h"

namespace evenkeel {

// Who sends connections over lanes, and takes back what no worker took.
class LaneOwner {
 public:
  virtual ~LaneOwner() = default;
  // Connections it had sent, by that worker's lease. Locked.
  virtual void TakeBack(Burst burst) = 0;
  // After TakeBack(): gives them to others. Locked.
  virtual void Settle() = 0;
};

// The primary's end of the way on which connections reach one worker, and a duplicate of the
// worker's end: what the worker has not taken can be taken back, whether it blocks or is dead. Used
// locked (Reactor::Lock()).
class LaneEnd {
 public:
  LaneEnd(std::shared_ptr<LoadTableMapping> table, uint32_t slot, const Bell& waker);

  // What cannot be sent stays in `burst`: all of it, or after a descriptor that is none the rest.
  SendResult Send(Burst* burst);
  // For some milliseconds after a Send() that could not.
  bool IsBlocked() const;
  // Its worker returned a connection.
  void CountReturned();
  // Its worker has so many connections more than were sent and chosen for it: less where the
  // primary took some from its accept queue.
  void Correct(int32_t more);
  // Its loop is blocked: nothing is sent until its stamp moves.
  void Suspend();
  // Connections wait, and this worker takes none: where it was sent nothing for a while it is sent
  // an empty burst. A loop that could turn does, and writes anew whatever somebody scribbled into
  // its slot, that it has no room or does not sleep.
  void Nudge(uint64_t now);
  // Its worker rang: lets go of what it has, and gives to others what it could not open.
  void Tend();
  // Open connections of its worker, sent ones among them.
  uint32_t Load() const;
  uint32_t sent() const { return sent_; }
  // Sent, and not taken yet.
  uint32_t Untaken() const;
  // The worker took something, or what is here now was sent just so long ago: in ns.
  uint64_t WaitingSince(uint64_t now);
  // Something may be sent, and nothing had to be taken back just now.
  bool IsOpen(uint64_t now) const;
  // How long it may be silent, or have something lie in its lane, and not count as busy: ns.
  uint64_t Patience() const;
  // Its loop turns, as far as the load table tells.
  bool IsResponsive(uint64_t now) const;
  // Takes back everything that is still in the lane and gives it to its owners, of whom all but
  // `caller` settle. False where this process has no descriptors left to take it with.
  bool Recall(LaneOwner* caller);
  // After the worker's death: what Recall() finds is no longer counted in the slot, which may have
  // another worker already.
  void Detach();
  void Close();

  // Whose a lease is, as long as anything sent under it can come back.
  std::map<uint32_t, LaneOwner*> owners;
  Slot* slot() const { return slot_; }
  uint32_t index() const { return index_; }
  LanePipe& pipe() { return pipe_; }

 private:
  SendResult SendSingly(Burst* burst);
  void Publish();

  std::shared_ptr<LoadTableMapping> table_;
  Slot* slot_;
  uint32_t index_;
  LanePipe pipe_;
  bool attached_ = true;
  uint32_t sent_ = 0;        // and not taken back: ours is the count, the table's a copy
  uint32_t corrected_ = 0;   // sum of Correct(); wraps
  uint32_t seen_taken_ = 0;  // Slot::taken as it was
  uint64_t since_ = 0;       // when that changed, or when an empty lane was sent something
  // Recalled from a worker that did not turn: it gets no more until its stamp moves, or until a
  // time: one that was stopped in its sleep sleeps on, and no stamp tells that it could do more.
  uint64_t stalled_at_ = 0;  // the stamp; 0: not stalled
  uint64_t stalled_until_ = 0;
  uint64_t stall_ = 0;
  uint64_t blocked_until_ = 0;
  uint64_t last_sent_ = 0;
};

// JavaScript's view. A dispatcher that has it as a member keeps the lane itself.
class Lane : public Napi::ObjectWrap<Lane>, private Reactor::Source {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Lane(const Napi::CallbackInfo& info);
  ~Lane() override;
  static Lane* From(const Napi::Value& value);
  const std::shared_ptr<LaneEnd>& end() const { return end_; }

 private:
  void SetWorker(const Napi::CallbackInfo& info);
  Napi::Value Share(const Napi::CallbackInfo& info);
  Napi::Value GetUntaken(const Napi::CallbackInfo& info);
  void Returned(const Napi::CallbackInfo& info);
  void Nudge(const Napi::CallbackInfo& info);
  Napi::Value Recover(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void OnWaker() override { end_->Tend(); }

  std::shared_ptr<Reactor> reactor_;
  std::shared_ptr<LaneEnd> end_;
};

}  // namespace evenkeel
