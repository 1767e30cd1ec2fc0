#pragma once

#include <napi.h>

#include <deque>
#include <memory>
#include <vector>

#include "../accept_loop.h"
#include "../dispatcher.h"
#include "../lane.h"
#include "../load_table.h"
#include "../reactor.h"
#include "drift.h"
#include "selector_program.h"
#include "stall.h"

namespace evenkeel {

// Looks after one reuseport group, in the primary: who of its members may be chosen, and what waits
// in the accept queue of one whose worker cannot take it. No member ever leaves the group before
// its end, since closing one resets its queue: one whose worker is gone, going or blocked is not
// chosen, and the primary accepts what is in its queue for the others.
//
// While connections come it looks every few milliseconds. When none comes it waits for the next one
// on the members' own sockets.
class Group : public Napi::ObjectWrap<Group>, private Reactor::Source {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Group(const Napi::CallbackInfo& info);
  ~Group() override;

 private:
  struct Member {
    int socket;
    std::unique_ptr<AcceptLoop> loop;
    std::shared_ptr<LaneEnd> lane;  // its worker's; null: nobody has it
    StallDetector detector;
    Drift drift;
    bool draining = false;
    bool watched = false;
    uint32_t seen_accepted = 0;  // Slot::accepted as it was
    uint32_t counted = 0;        // AcceptLoop::accepted() as it was told the lane
    bool is_starved = false;     // its worker has no descriptors left
    bool is_stuck = false;       // blocked for long
    uint32_t rescued = 0;        // while blocked
  };
  struct Event {
    uint32_t slot;
    bool ended;
    uint64_t duration;  // ns; of a stall that began: so far
    uint32_t rescued;
  };

  Napi::Value Join(const Napi::CallbackInfo& info);
  void Lend(const Napi::CallbackInfo& info);
  void Drain(const Napi::CallbackInfo& info);
  void Reclaim(const Napi::CallbackInfo& info);
  void Retire(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseNow();
  Member* Find(const Napi::Value& index);

  void OnReadable() override;
  void OnDeadline() override { Look(); }
  void OnWaker() override;
  void OnPost() override;
  void OnFailure(const SystemFailure& failure) override;

  void Look();
  uint64_t Interval() const;
  // True where something came or is under way there.
  bool LookAt(Member* member, uint64_t now);
  uint64_t StuckAfter() const;
  static bool IsEligible(const Member& member);
  // Blocked, but not for long.
  static bool MayTurnSoon(const Member& member);
  void Begin(Member* member, uint64_t now);
  void End(Member* member, uint64_t now);
  void CountAccepted(Member* member);
  void SetMode(Member* member);
  void Select();
  void Rest();
  void Wake();

  std::shared_ptr<LoadTableMapping> table_;
  std::shared_ptr<Reactor> reactor_;
  std::shared_ptr<SelectorProgram> program_;
  Dispatcher* dispatcher_ = nullptr;
  Napi::ObjectReference dispatcher_object_;
  std::vector<Napi::ObjectReference> socket_objects_;
  uint64_t threshold_;  // ns; 0: no rescue
  bool open_ = true;
  bool retired_ = false;
  bool changed_ = false;  // who may be chosen
  bool resting_ = false;
  bool refused_ = false;  // the program could not be kept current, and that was said
  uint64_t active_at_ = 0;
  uint32_t came_ = 0;        // connections workers accepted since the last look
  uint32_t many_looks_ = 0;  // in a row
  std::vector<Member> members_;
  std::deque<Event> events_;
  Napi::AsyncContext context_;
  Napi::FunctionReference on_stall_;
  Napi::FunctionReference on_error_;
};

}  // namespace evenkeel
