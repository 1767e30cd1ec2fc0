// The dispatcher's other half: what it knows of its members, by the load table and by its own
// count.
#include <algorithm>

#include "dispatcher.h"
#include "gate.h"

namespace evenkeel {

// As with the gate: a worker silent for a little, or that has not taken what it was sent, rather
// waits for a CPU than is busy. Others get ahead of it by one, twice as much every 2 ms. Not
// where turns have been long.
uint32_t Dispatcher::GraceOf(LaneEnd* lane, uint64_t now) {
  if (!lane->IsOpen(now) || lane->Patience() == 0) return 0;
  uint64_t silence = SilenceOf(*lane->slot(), now);
  const uint64_t since = lane->WaitingSince(now);
  if (lane->Untaken() > 0) silence = std::max(silence, now - since);
  const uint64_t doublings = silence / kPatienceNs;
  return doublings < kDoublings ? 1u << doublings : 0;
}

void Dispatcher::Look() {
  const uint64_t now = uv_hrtime();
  candidates_.resize(members_.size());
  all_full_ = !members_.empty();
  for (Member& member : members_) {
    const uint32_t closed = member.lane->slot()->closed.load(std::memory_order_relaxed);
    member.full = member.full && closed == member.full_at && now < member.full_until;
    all_full_ = all_full_ && member.full;
  }
  for (size_t i = 0; i < members_.size(); i++) {
    const Member& member = members_[i];
    const Slot& slot = *member.lane->slot();
    Candidate& one = candidates_[i];
    const uint32_t depth = slot.depth.load(std::memory_order_relaxed);
    one.untaken = member.lane->Untaken() + member.placed.count;
    one.depth = policy_ == Policy::kSourceHash ? kMaxDepth : std::min(depth, kMaxDepth);
    if (member.full && !all_full_) one.depth = 0;
    one.load = member.lane->Load() + member.placed.count;
    one.given = member.given;
    one.idle = IsIdle(slot);
    one.responsive = member.lane->IsResponsive(now);
    one.grace = CanTake(one) || one.depth == 0 ? 0 : GraceOf(member.lane.get(), now);
    one.name = member.lane->index();
  }
  Forgive(&candidates_);
  for (size_t i = 0; i < members_.size(); i++) members_[i].given = candidates_[i].given;
}

}  // namespace evenkeel
