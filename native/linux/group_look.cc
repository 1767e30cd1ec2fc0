// The group's other half: what it sees of its members, and whom it has the kernel choose.
#include <algorithm>

#include "../socket.h"
#include "group.h"

namespace evenkeel {
namespace {

constexpr uint64_t kMs = 1000 * 1000;
// Weights go by what was known at the last look: the oftener, the more even. One look and change
// costs some 25 us, so not so often where connections come all the time by the thousand: what comes
// so fast does not stay long.
constexpr uint64_t kWeightsNs = kMs;
constexpr uint64_t kManyWeightsNs = 4 * kMs;
constexpr uint32_t kManyLooks = 32;  // in a row, each with more connections than members
// A stall is noticed a quarter of the threshold late at most, and not later than this.
constexpr uint64_t kLookNs = 5 * kMs;
// Only drift is looked for.
constexpr uint64_t kDriftNs = 100 * kMs;
// Nothing came for so long: no more looks until something does.
constexpr uint64_t kQuietNs = 50 * kMs;
// Blocked for so many thresholds, a worker is not expected to turn soon.
constexpr uint64_t kStuck = 10;

// 0 where it cannot be told: an open listening socket never fails here.
int Waiting(int socket) {
  try {
    return QueueLength(socket);
  } catch (const SystemFailure&) {
    return 0;
  }
}

}  // namespace

// Somebody may have run out of descriptors.
void Group::OnWaker() {
  if (resting_) Look();
}

void Group::Look() {
  if (!open_ || retired_) return;
  Wake();
  const uint64_t now = uv_hrtime();
  came_ = 0;
  for (Member& member : members_) {
    if (member.lane != nullptr && !member.draining && LookAt(&member, now)) active_at_ = now;
  }
  Select();
  if (now - active_at_ >= kQuietNs && !changed_) return Rest();
  many_looks_ = came_ > members_.size() ? many_looks_ + 1 : 0;
  reactor_->SetDeadline(this, now + Interval());
}

uint64_t Group::Interval() const {
  if (program_ != nullptr && program_->GoesByLoad()) {
    return many_looks_ > kManyLooks ? kManyWeightsNs : kWeightsNs;
  }
  return threshold_ > 0 ? std::max(std::min(threshold_ / 4, kLookNs), kMs) : kDriftNs;
}

bool Group::LookAt(Member* member, uint64_t now) {
  const Slot& slot = *member->lane->slot();
  const uint32_t accepted = slot.accepted.load(std::memory_order_relaxed);
  bool active = accepted != member->seen_accepted;
  came_ += accepted - member->seen_accepted;
  member->seen_accepted = accepted;
  CountAccepted(member);
  // It has no descriptor left, and would close what it accepts.
  const bool is_starved = slot.depth.load(std::memory_order_relaxed) == 0;
  if (is_starved != member->is_starved) {
    member->is_starved = is_starved;
    changed_ = true;
    SetMode(member);
  }
  active = active || is_starved;
  if (is_starved) member->lane->Nudge(now);  // to be told anew, should that be scribbled
  if (member->detector.blocked()) {
    if (member->detector.HasTurned(slot)) {
      End(member, now);
    } else {
      // Stopped in its sleep, and going on since, it sleeps on, and no stamp tells.
      member->lane->Nudge(now);
      if (!member->is_stuck && now - member->detector.since() >= StuckAfter()) {
        // Whoever is busy will be done sooner.
        member->is_stuck = changed_ = true;
        SetMode(member);
      }
    }
    active = true;
  } else if (threshold_ > 0) {
    const auto verdict =
        member->detector.Look(slot, now, threshold_, [&] { return Waiting(member->socket) > 0; });
    if (verdict == StallDetector::Verdict::kBlocked) Begin(member, now);
    active = active || verdict != StallDetector::Verdict::kTurns;
  }
  if (program_ != nullptr && program_->CountsAssigned()) {
    const int32_t outstanding = OutstandingOf(slot, member->lane->sent());
    const int32_t more =
        member->drift.Look(outstanding, now, [&] { return Waiting(member->socket); });
    if (more != 0) member->lane->Correct(more);
  }
  return active;
}

uint64_t Group::StuckAfter() const { return kStuck * threshold_; }

bool Group::IsEligible(const Member& member) {
  return member.lane != nullptr && !member.draining && !member.is_starved &&
         !member.detector.blocked();
}

bool Group::MayTurnSoon(const Member& member) {
  return member.lane != nullptr && !member.draining && !member.is_starved && !member.is_stuck;
}

void Group::Begin(Member* member, uint64_t now) {
  member->rescued = 0;
  member->lane->Suspend();
  changed_ = true;
  events_.push_back(Event{member->lane->index(), false, now - member->detector.since(), 0});
  reactor_->Post(this);
  Select();  // nothing new comes, before what waits is taken
  SetMode(member);
}

void Group::End(Member* member, uint64_t now) {
  CountAccepted(member);
  const Event event{member->lane->index(), true, now - member->detector.since(), member->rescued};
  member->detector.Reset();
  member->is_stuck = false;
  events_.push_back(event);
  reactor_->Post(this);
  changed_ = true;
  SetMode(member);
}

// What the primary took from its queue is not its worker's any more.
void Group::CountAccepted(Member* member) {
  const uint32_t more = member->loop->accepted() - member->counted;
  member->counted = member->loop->accepted();
  if (more == 0 || member->lane == nullptr) return;
  member->rescued += more;
  if (program_ != nullptr && program_->CountsAssigned()) {
    member->lane->Correct(-static_cast<int32_t>(more));
  }
}

void Group::Select() {
  if (program_ == nullptr) changed_ = false;  // nobody to tell
  if (program_ == nullptr || (!changed_ && !program_->GoesByLoad())) return;
  // Where all are blocked the kernel's hash would choose, of those too that never turn again: those
  // that will turn soon rather.
  const bool none = std::none_of(members_.begin(), members_.end(), IsEligible);
  std::vector<GroupMember> members;
  members.reserve(members_.size());
  for (const Member& member : members_) {
    GroupMember one{member.socket, 0, false, 0};
    if (member.lane != nullptr) {
      const Slot& slot = *member.lane->slot();
      one.slot = member.lane->index();
      one.eligible = IsEligible(member) || (none && MayTurnSoon(member));
      one.load = member.lane->Load();
      // A loop that sleeps has emptied its queue.
      if (program_->GoesByLoad() && slot.idle.load(std::memory_order_relaxed) == 0) {
        one.load += static_cast<uint32_t>(Waiting(member.socket));
      }
    }
    members.push_back(one);
  }
  try {
    program_->Apply(members);
    changed_ = refused_ = false;
  } catch (const SystemFailure& failure) {
    // Tried again with the next look; until then the kernel chooses as before.
    if (!refused_) reactor_->Report(this, failure);
    refused_ = changed_ = true;
  }
}

// Waits for the next connection on the sockets themselves.
void Group::Rest() {
  reactor_->SetDeadline(this, kNever);
  for (Member& member : members_) {
    if (member.loop->mode() != AcceptLoop::Mode::kOff) continue;
    try {
      reactor_->Watch(this, member.socket);
      member.watched = true;
    } catch (const SystemFailure& failure) {  // ENOMEM, ENOSPC: then by looking
      reactor_->SetDeadline(this, uv_hrtime() + kQuietNs);
    }
  }
  resting_ = true;
}

void Group::Wake() {
  if (!resting_) return;
  resting_ = false;
  for (Member& member : members_) {
    if (member.watched) reactor_->Unwatch(member.socket);
    member.watched = false;
  }
}

}  // namespace evenkeel
