// The program against PickSourceHash(): the kernel's choice and the primary's are one.
#include <algorithm>

#include "machine.h"

namespace evenkeel::cbpf {
namespace {

uint32_t Word() { return static_cast<uint32_t>(RandomNumbers()()); }

SourceAddress Address() {
  switch (Below(4)) {
    case 0:
      return {0x20010db8, 0, 0, Below(1000)};
    case 1:
      return {0, 0, 0, 1};  // ::1
    case 2:
      return {Word(), Word(), 0, 0};
    default:
      return {Word(), Word(), Word(), Word()};
  }
}

// Members in the order of a group, and those eligible with their slots, in the list's order.
struct Group {
  std::vector<uint32_t> slots;
  std::vector<Named> eligible;
  std::vector<Candidate> candidates;
};

Group RandomGroup(size_t count, uint32_t absent) {
  Group group;
  for (uint32_t slot = 0; slot < count; slot++) group.slots.push_back(slot * (1 + Below(2)));
  std::sort(group.slots.begin(), group.slots.end());
  group.slots.erase(std::unique(group.slots.begin(), group.slots.end()), group.slots.end());
  std::shuffle(group.slots.begin(), group.slots.end(), RandomNumbers());
  for (uint32_t i = 0; i < group.slots.size(); i++) {
    if (Below(8) < absent) continue;
    group.eligible.push_back({i, group.slots[i]});
    group.candidates.emplace_back();
    group.candidates.back().name = group.slots[i];
  }
  return group;
}

uint32_t Expected(const Group& group, const SourceAddress& address, uint64_t seed) {
  const size_t best = PickSourceHash(group.candidates, SourceHash(address, seed), seed);
  return best == kNobody ? kKernelChooses : group.eligible[best].index;
}

void AsThePrimary(size_t count, uint64_t seed, int addresses) {
  Group group = RandomGroup(count, Below(3));
  const Program program = BySource(group.eligible, seed);
  CheckValid(program);
  // The dispatcher lists them as they came.
  std::vector<size_t> order(group.eligible.size());
  for (size_t i = 0; i < order.size(); i++) order[i] = i;
  std::shuffle(order.begin(), order.end(), RandomNumbers());
  Group listed{group.slots, {}, {}};
  for (const size_t i : order) {
    listed.eligible.push_back(group.eligible[i]);
    listed.candidates.push_back(group.candidates[i]);
  }
  for (int i = 0; i < addresses; i++) {
    const uint32_t v4 = Below(2) ? Word() : 0x7f000001 + Below(1 << 16);
    const SourceAddress mapped{0, 0, 0xffff, v4};
    Check(Run(program, V4(v4), Word()) == Expected(listed, mapped, seed), "IPv4, as the primary");
    const SourceAddress v6 = Address();
    Check(Run(program, V6(v6), Word()) == Expected(listed, v6, seed), "IPv6, as the primary");
  }
}

// Whose program is another one moves nobody but the clients of who left it.
void OnlyHisMove(size_t count, uint64_t seed) {
  Group group = RandomGroup(count, 0);
  const uint32_t gone = Below(static_cast<uint32_t>(group.eligible.size()));
  const Program before = BySource(group.eligible, seed);
  std::vector<Named> left = group.eligible;
  left.erase(left.begin() + gone);
  const Program after = BySource(left, seed);
  int his = 0;
  for (int i = 0; i < 2000; i++) {
    const Packet packet = V4(Word());
    const uint32_t one = Run(before, packet, 0);
    const uint32_t other = Run(after, packet, 0);
    if (one == gone) his++;
    Check(one == gone ? other != gone : other == one, "only the clients of who is gone move");
  }
  Check(his > 0, "he had some");
}

void Edges(uint64_t seed) {
  Check(Run(BySource({}, seed), V4(1), 0) == kKernelChooses, "nobody eligible: the kernel's hash");
  Check(Run(BySource({{7, 3}}, seed), V4(1), 0) == 7, "the only one");
}

// The inverse of Mix32().
uint32_t Unmix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7ed1b41d;
  x = (x ^ (x >> 13) ^ (x >> 26)) * 0xa5cb9243;
  return x ^ (x >> 16);
}

// Hashes of sources for which two slots have the same weight: bit by bit from the lowest, as no bit
// of a product is of higher ones. Of most pairs there are none, of a few hundreds.
std::vector<uint32_t> Ties(SourceKey one, SourceKey other) {
  std::vector<uint32_t> found{0};
  for (int bit = 0; bit < 32 && found.size() < 1000; bit++) {
    std::vector<uint32_t> longer;
    for (const uint32_t low : found) {
      for (const uint32_t source : {low, low | 1u << bit}) {
        const uint32_t difference = SourceWeight(source, one) - SourceWeight(source, other);
        if (difference << (31 - bit) == 0) longer.push_back(source);
      }
    }
    found = longer;
  }
  return found;
}

void OfEqualWeights(uint64_t seed) {
  int ties = 0;
  for (uint32_t low = 0; low < 5000 && ties == 0; low++) {
    for (const uint32_t source : Ties(KeyOf(low, seed), KeyOf(low + 1, seed))) {
      if (SourceWeight(source, KeyOf(low, seed)) != SourceWeight(source, KeyOf(low + 1, seed))) {
        continue;
      }
      ties++;
      std::vector<Candidate> both(2);
      both[0].name = low + 1;
      both[1].name = low;
      Check(PickSourceHash(both, source, seed) == 1, "of equal weights the lower name");
      std::swap(both[0], both[1]);
      Check(PickSourceHash(both, source, seed) == 0, "wherever it is in the list");
      const Packet packet = V4(Unmix(source) ^ MappedPrefix(seed));
      Check(Run(BySource({{0, low + 1}, {1, low}}, seed), packet, 0) == 1, "in the kernel too");
    }
  }
  Check(ties > 0, "there are some");
}

}  // namespace
}  // namespace evenkeel::cbpf

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  for (size_t members = 1; members <= 256; members++) {
    cbpf::AsThePrimary(members, RandomNumbers()(), 20);
  }
  for (int i = 0; i < 60; i++) cbpf::AsThePrimary(1 + Below(8), RandomNumbers()(), 200);
  for (const size_t members : {2, 3, 4, 16, 64}) cbpf::OnlyHisMove(members, RandomNumbers()());
  cbpf::Edges(RandomNumbers()());
  cbpf::OfEqualWeights(RandomNumbers()());
  return Failures();
}
