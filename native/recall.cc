// The dispatcher's other half: takes back what was sent and is not taken.
#include <algorithm>

#include "dispatcher.h"
#include "gate.h"

namespace evenkeel {
namespace {

// What a worker has not taken after so long is taken back for one that sleeps: as long as it is
// waited for. Sooner, there would be much ado and little balance on a busy machine. Where turns
// have been long, 1 ms: it is in the midst of one.
uint64_t RecallAfter(const LaneEnd& lane) { return std::max(lane.Patience(), kFreshNs); }

}  // namespace

bool Dispatcher::IsAnotherAsleep(const LaneEnd* lane, uint64_t now) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return member.lane.get() != lane && !member.full && IsIdle(*member.lane->slot()) &&
           member.lane->IsResponsive(now) && member.lane->Untaken() == 0 &&
           member.lane->slot()->depth.load(std::memory_order_relaxed) > 0;
  });
}

// Only for workers that sleep: a busy one may be no better than the one it waits for. By source
// clients wait for their worker.
void Dispatcher::RecallStalled() {
  if (policy_ == Policy::kSourceHash) return;
  const uint64_t now = uv_hrtime();
  for (const Member& member : members_) {
    LaneEnd* lane = member.lane.get();
    if (lane->Untaken() == 0 || now < lane->WaitingSince(now) + RecallAfter(*lane)) continue;
    if (IsAnotherAsleep(lane, now)) lane->Recall(this);
  }
}

uint64_t Dispatcher::NextRecall() {
  uint64_t next = kNever;
  stalled_ = false;
  if (policy_ == Policy::kSourceHash) return next;
  const uint64_t now = uv_hrtime();
  for (const Member& member : members_) {
    const uint64_t due = member.lane->WaitingSince(now) + RecallAfter(*member.lane);
    if (member.lane->Untaken() == 0) continue;
    if (due > now) {
      next = std::min(next, due);
    } else {
      stalled_ = true;
    }
  }
  return next;
}

void Dispatcher::TakeBack(Burst burst) {
  for (uint32_t k = burst.count; k > 0; k--) {
    held_.push_front(Held{std::move(burst.fds[k - 1]), burst.hops});
  }
}

}  // namespace evenkeel
