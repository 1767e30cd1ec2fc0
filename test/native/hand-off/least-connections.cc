// The pick against a model of it: the whole order of the workers.
#include <algorithm>
#include <tuple>

#include "check.h"

namespace evenkeel {
namespace {

// Fewest connections; asleep; given the fewest; next after `last`.
size_t Expected(const std::vector<Candidate>& all, size_t last, uint32_t first_given) {
  size_t best = kNobody;
  auto rank = [&](size_t i) {
    const Candidate& one = all[i];
    const bool asleep = one.idle && one.untaken == 0;
    const size_t turn = (i + 2 * all.size() - last - 1) % all.size();
    return std::make_tuple(one.load, !asleep, one.given - first_given, turn);
  };
  for (size_t i = 0; i < all.size(); i++) {
    if (CanTake(all[i]) && (best == kNobody || rank(i) < rank(best))) best = i;
  }
  return best;
}

void AgainstTheModel() {
  for (int round = 0; round < 50'000; round++) {
    const uint32_t first_given = Below(2) ? 0u - Below(8) : Below(~0u);
    std::vector<Candidate> all = Workers(1 + Below(9));
    for (Candidate& one : all) {
      one.load = Below(2) ? Below(3) : Below(20'000);
      one.untaken = Below(3);
      one.depth = Below(3);
      one.given = first_given + Below(8);
      one.idle = Below(2);
      one.responsive = Below(4) > 0;
    }
    const size_t last = Below(static_cast<uint32_t>(all.size()));
    Check(PickLeastConnections(all, last) == Expected(all, last, first_given), "as the model");
  }
}

void CaseByCase() {
  std::vector<Candidate> all = Workers(3);
  all[0].load = 2;
  all[1].load = 1;
  all[2].load = 2;
  Check(PickLeastConnections(all, 0) == 1, "one connection fewer is enough");
  all[0].idle = all[2].idle = true;
  Check(PickLeastConnections(all, 0) == 1, "fewer goes before asleep");
  all[1].load = 2;
  all[0].untaken = 1;
  Check(PickLeastConnections(all, 1) == 2, "of equals one that sleeps, with nothing to wake for");
  all[2].depth = 0;
  all[0].idle = false;
  all[1].given = 5;
  Check(PickLeastConnections(all, 0) == 0, "of equals that do not sleep the one given fewer");
  Check(PickLeastConnections({}, 0) == kNobody, "nobody there");
}

// Every connection stays: all have the same number, give or take one.
void StaysEven() {
  std::vector<Candidate> all = Workers(7);
  size_t last = 0;
  for (int k = 0; k < 7 * 40; k++) {
    last = PickLeastConnections(all, last);
    all[last].load++;
    all[last].given++;
  }
  for (const Candidate& one : all) Check(one.load == 40, "even");
}

// One that waits for a CPU, as far as anybody can tell, is waited for.
void Grace() {
  std::vector<Candidate> all = Workers(3);
  all[0].load = 4;
  all[1].load = 4;
  all[2].load = 3;
  all[2].responsive = false;
  Check(PickLeastConnections(all, 0) == 1, "nobody waits for it");
  all[2].grace = 1;
  Check(PickLeastConnections(all, 0) == kNobody, "it is one behind, and due");
  all[2].grace = 2;
  Check(PickLeastConnections(all, 0) == 1, "so far ahead others may get");
  all[1].load = 2;
  all[2].grace = 1;
  Check(PickLeastConnections(all, 0) == 1, "another has fewer");
  all[2].load = UINT32_MAX;
  Check(PickLeastConnections(all, 0) == 1, "garbage is not waited for");
}

}  // namespace
}  // namespace evenkeel

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  AgainstTheModel();
  CaseByCase();
  StaysEven();
  Grace();
  return Failures();
}
