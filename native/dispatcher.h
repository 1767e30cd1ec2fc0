#pragma once

#include <napi.h>
#include <uv.h>

#include <deque>
#include <memory>
#include <vector>

#include "lane.h"
#include "load_table.h"
#include "pick.h"
#include "reactor.h"

namespace evenkeel {

class AcceptLoop;

enum class Policy { kRoundRobin, kLeastConnections, kSourceHash };

// Pick and send: brings accepted connections of one listener to its workers, on the reactor's
// thread. A connection is owned here until the kernel has it in a worker's lane, and again when it
// was taken back from there; one that nobody can take now is held.
class Dispatcher : public Napi::ObjectWrap<Dispatcher>, private Reactor::Source, private LaneOwner {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  explicit Dispatcher(const Napi::CallbackInfo& info);
  ~Dispatcher() override;
  static Dispatcher* From(const Napi::Value& value);

  // The accept loops' side. Locked.
  void Attach(AcceptLoop* loop) { loops_.push_back(loop); }
  void Detach(AcceptLoop* loop);
  bool HasMembers() const { return !members_.empty(); }
  // Looks at the load table; before the first Place() of a batch.
  void Look();
  // True while a connection placed now would go to a worker; `to_idle`: to one that sleeps.
  bool HasRoom(bool to_idle) const;
  void Place(UniqueFd connection, bool to_idle);
  // Sends what was placed, and sees to what waits.
  void Settle() override;

 private:
  struct Member {
    std::shared_ptr<LaneEnd> lane;
    uint32_t lease;
    uint32_t given;
    Burst placed;  // to be sent by Flush()
    // It returned a connection, so it has as many as it may have: until one of its connections
    // ends, or for a while, it is asked only where all are full.
    bool full = false;
    uint32_t full_at = 0;  // Slot::closed as it was
    uint64_t full_until = 0;
  };
  struct Held {
    UniqueFd connection;
    uint8_t hops = 0;
    uint32_t source = 0;   // by source: whose it is; 0 where nobody has looked yet
    bool to_idle = false;  // it waited for a worker that blocks: only for one that sleeps
  };

  void Add(const Napi::CallbackInfo& info);
  void Remove(const Napi::CallbackInfo& info);
  void Offer(const Napi::CallbackInfo& info);
  Napi::Value GetHeld(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  void CloseNow();

  void OnDeadline() override { Serve(); }
  void OnWaker() override;
  void TakeBack(Burst burst) override;

  static uint32_t GraceOf(LaneEnd* lane, uint64_t now);
  size_t Pick(const Held& held) const;
  bool TryPlace(Held* held);
  void PlaceHeld();
  void Flush();
  bool Flush(size_t index);
  // Takes back what waits behind workers that do not turn.
  void RecallStalled();
  // When something will have waited long enough for that.
  uint64_t NextRecall();
  bool IsAnotherAsleep(const LaneEnd* lane, uint64_t now) const;
  // Settle(), and what waits in accept queues too.
  void Serve();

  std::shared_ptr<LoadTableMapping> table_;
  std::shared_ptr<Reactor> reactor_;
  Policy policy_ = Policy::kRoundRobin;
  uint64_t seed_ = 0;
  bool open_ = true;
  std::vector<Member> members_;
  std::vector<Candidate> candidates_;          // what is known of each, by the last Look()
  std::vector<std::weak_ptr<LaneEnd>> lanes_;  // all there ever were: connections may come back
  std::vector<AcceptLoop*> loops_;
  bool all_full_ = false;  // by the last Look()
  size_t last_ = 0;
  std::deque<Held> held_;
  bool stalled_ = false;  // something waits behind a worker that does not turn
  bool waits_ = false;    // workers that go to sleep are to say so
  uint64_t waits_since_ = 0;
  bool settling_ = false;
};

}  // namespace evenkeel
