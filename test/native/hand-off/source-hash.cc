// Rendezvous hashing over the addresses of a network, as the dispatcher hashes them.
#include <map>

#include "check.h"

namespace evenkeel {
namespace {

constexpr uint32_t kClients = 10'000;

// Neighbours in one network.
uint32_t Client(uint64_t seed, uint32_t number) {
  return SourceHash({0, 0, 0xffff, 0x0a000000 + number}, seed);
}

std::vector<size_t> WorkersOf(const std::vector<Candidate>& all, uint64_t seed) {
  std::vector<size_t> names;
  for (uint32_t client = 0; client < kClients; client++) {
    names.push_back(all[PickSourceHash(all, Client(seed, client), seed)].name);
  }
  return names;
}

// Each worker's share is binomial; six standard deviations are one test in 500 million.
void NearEven(size_t count, uint64_t seed) {
  std::map<size_t, int> shares;
  for (const size_t name : WorkersOf(Workers(count), seed)) shares[name]++;
  const double mean = static_cast<double>(kClients) / static_cast<double>(count);
  bool even = shares.size() == count;
  for (const auto& [name, share] : shares) {
    even &= (share - mean) * (share - mean) < 36 * mean;
  }
  Check(even, "10,000 neighbouring addresses spread evenly");
}

void OnlyTheDeadOnesMove(size_t count, uint64_t seed) {
  std::vector<Candidate> all = Workers(count);
  const std::vector<size_t> before = WorkersOf(all, seed);
  const size_t dead = Below(static_cast<uint32_t>(count));
  all.erase(all.begin() + static_cast<ptrdiff_t>(dead));
  const std::vector<size_t> without = WorkersOf(all, seed);
  std::map<size_t, int> heirs;
  bool stayed = true;
  for (uint32_t client = 0; client < kClients; client++) {
    if (before[client] == dead) {
      heirs[without[client]]++;
    } else {
      stayed &= without[client] == before[client];
    }
  }
  Check(stayed, "a worker's end moves its own clients only");
  if (count <= 16) Check(heirs.size() == count - 1, "and to all the others");
  // Its successor, in its slot but last in the list, has them again.
  all.push_back(Workers(count)[dead]);
  Check(WorkersOf(all, seed) == before, "and back to its successor");
}

void WhateverElseIsKnown(uint64_t seed) {
  std::vector<Candidate> all = Workers(5);
  const std::vector<size_t> before = WorkersOf(all, seed);
  for (Candidate& one : all) {
    one.load = Below(~0u);
    one.untaken = Below(~0u);
    one.depth = 0;
    one.given = Below(~0u);
    one.responsive = false;
  }
  Check(WorkersOf(all, seed) == before, "clients wait for their worker");
  Check(WorkersOf(all, seed + 1) != before, "another seed is another choice");
  Check(MappedPrefix(seed) != MappedPrefix(seed + 1), "and so is what IPv4's have in common");
  Check(PickSourceHash({}, 1, seed) == kNobody, "nobody there");
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  for (const size_t workers : {2, 3, 4, 16, 64, 256}) {
    const uint64_t seed = RandomNumbers()();
    NearEven(workers, seed);
    OnlyTheDeadOnesMove(workers, seed);
  }
  WhateverElseIsKnown(RandomNumbers()());
  return Failures();
}
