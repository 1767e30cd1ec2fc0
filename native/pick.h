#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "source_hash.h"

// Who gets the next connection that the primary hands off: pure functions of what is known of each
// worker.
namespace evenkeel {

// At most this many connections are sent ahead to a worker, whatever it asks for. A default
// SEQPACKET socket would swallow some 278, and a stopped worker would sit on all of them.
constexpr uint32_t kMaxDepth = 32;
// Round robin: a worker that was passed over gets so many more than the others until it has caught
// up, and not all that it missed.
constexpr uint32_t kDebt = 16;

constexpr size_t kNobody = static_cast<size_t>(-1);

struct Candidate {
  uint32_t untaken = 0;     // sent, and not taken from its lane yet
  uint32_t depth = 0;       // how many may be
  uint32_t load = 0;        // open connections, sent ones among them
  uint32_t given = 0;       // connections it was given altogether; wraps
  bool idle = false;        // sleeps, and has nothing to wake up for
  bool responsive = false;  // its loop turns
  // It cannot take one now, but may soon: others may get so far ahead of it in the meantime. 0: it
  // is not waited for.
  uint32_t grace = 0;
  uint64_t name = 0;  // for rendezvous hashing: its slot
};

inline bool CanTake(const Candidate& one) { return one.responsive && one.untaken < one.depth; }

// Signed difference of two counters that wrap.
inline int32_t Ahead(uint32_t one, uint32_t other) { return static_cast<int32_t>(one - other); }

// The most that any of them was given.
inline uint32_t MostGiven(const std::vector<Candidate>& all) {
  uint32_t most = all.empty() ? 0 : all[0].given;
  for (const Candidate& one : all) {
    if (Ahead(one.given, most) > 0) most = one.given;
  }
  return most;
}

// Brings up who was given far less, because it could not take any: what it missed beyond kDebt is
// forgiven, and no difference ever comes near the counters' wrap. Before each batch of picks.
inline void Forgive(std::vector<Candidate>* all) {
  const uint32_t least = MostGiven(*all) - kDebt;
  for (Candidate& one : *all) {
    if (Ahead(least, one.given) > 0) one.given = least;
  }
}

// Who was given the fewest of those that can take one, the next after `last` of equals. While all
// keep up that is strictly in turn. kNobody also where one is to be waited for.
inline size_t PickRoundRobin(const std::vector<Candidate>& all, size_t last) {
  const uint32_t most = MostGiven(all);
  size_t best = kNobody;
  uint32_t best_behind = 0;
  for (size_t step = 1; step <= all.size(); step++) {
    const size_t i = (last + step) % all.size();
    if (!CanTake(all[i])) continue;
    const uint32_t behind = most - all[i].given;
    const uint32_t debt = behind < kDebt ? behind : kDebt;
    if (best != kNobody && debt <= best_behind) continue;
    best = i;
    best_behind = debt;
  }
  if (best == kNobody) return best;
  const bool waits = std::any_of(all.begin(), all.end(), [&](const Candidate& one) {
    return one.grace > 0 && Ahead(all[best].given, one.given) >= static_cast<int32_t>(one.grace);
  });
  return waits ? kNobody : best;
}

// The fewest open connections; of equals one that sleeps, then the one given the fewest. kNobody
// also where one is to be waited for.
inline size_t PickLeastConnections(const std::vector<Candidate>& all, size_t last) {
  size_t best = kNobody;
  for (size_t step = 1; step <= all.size(); step++) {
    const size_t i = (last + step) % all.size();
    const Candidate& one = all[i];
    if (!CanTake(one)) continue;
    if (best != kNobody) {
      const Candidate& other = all[best];
      const bool one_sleeps = one.idle && one.untaken == 0;
      const bool other_sleeps = other.idle && other.untaken == 0;
      if (one.load > other.load) continue;
      if (one.load == other.load) {
        if (!one_sleeps && other_sleeps) continue;
        if (one_sleeps == other_sleeps && Ahead(one.given, other.given) >= 0) continue;
      }
    }
    best = i;
  }
  if (best == kNobody) return best;
  const bool waits = std::any_of(all.begin(), all.end(), [&](const Candidate& one) {
    return one.grace > 0 && all[best].load >= one.load && all[best].load - one.load >= one.grace;
  });
  return waits ? kNobody : best;
}

// Who sleeps and has nothing on its way; of those the fewest open connections, then the next after
// `last`.
inline size_t PickIdle(const std::vector<Candidate>& all, size_t last) {
  size_t best = kNobody;
  for (size_t step = 1; step <= all.size(); step++) {
    const size_t i = (last + step) % all.size();
    if (!CanTake(all[i]) || !all[i].idle || all[i].untaken > 0) continue;
    if (best == kNobody || all[i].load < all[best].load) best = i;
  }
  return best;
}

// Rendezvous hashing (Thaler and Ravishankar, 1996): the worker with the highest hash of both
// names. Who comes or goes moves only clients of its own. Whether it can take one now does not
// matter: its clients wait for it. Of equal hashes, one in 2^32, the lower name's: the order of the
// list does not matter.
inline size_t PickSourceHash(const std::vector<Candidate>& all, uint32_t source, uint64_t seed) {
  size_t best = kNobody;
  uint32_t highest = 0;
  for (size_t i = 0; i < all.size(); i++) {
    const uint32_t weight = SourceWeight(source, KeyOf(all[i].name, seed));
    if (best != kNobody) {
      if (weight < highest || (weight == highest && all[i].name >= all[best].name)) continue;
    }
    best = i;
    highest = weight;
  }
  return best;
}

}  // namespace evenkeel
