// Weights from loads, by what becomes of connections that are opened and held.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "../../../native/linux/weights.h"
#include "machine.h"

namespace evenkeel::cbpf {
namespace {

// Poured one by one on the lowest, as the weights promise: the same amounts but for what does not
// divide.
void AsWater() {
  for (int round = 0; round < 3000; round++) {
    const size_t count = 1 + Below(9);
    const uint32_t ahead = 1 + Below(20);
    std::vector<uint32_t> loads(count);
    std::vector<bool> eligible(count);
    for (size_t i = 0; i < count; i++) {
      loads[i] = Below(2) ? Below(10) : Below(20'000);
      eligible[i] = Below(5) > 0;
    }
    const std::vector<uint32_t> weights = WeightsFor(loads, eligible, ahead);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    const bool any = std::find(eligible.begin(), eligible.end(), true) != eligible.end();
    Check((sum > 0) == any, "somebody, if anybody is eligible");
    std::vector<uint32_t> poured = loads;
    for (uint32_t k = 0; any && k < ahead; k++) {
      size_t lowest = count;
      for (size_t i = 0; i < count; i++) {
        if (eligible[i] && (lowest == count || poured[i] < poured[lowest])) lowest = i;
      }
      poured[lowest]++;
    }
    for (size_t i = 0; i < count; i++) {
      const double share = any ? weights[i] * ahead / sum : 0;
      Check(std::abs(share - (poured[i] - loads[i])) < 1, "as much as it would hold");
      if (!eligible[i]) Check(weights[i] == 0, "never who is not eligible");
    }
  }
}

void CaseByCase() {
  const std::vector<bool> all(4, true);
  const std::vector<uint32_t> even(4, 4);
  Check(WeightsFor({9, 9, 9, 9}, all, 4) == even, "equal loads, equal weights");
  Check(WeightsFor({0, 0, 0, 0}, all, 4) == even, "whatever they are");
  Check(WeightsFor({~0u, 0, ~0u, ~0u}, all, 4) == std::vector<uint32_t>{0, 4, 0, 0},
        "garbage is no overflow");
  Check(WeightsFor({3, 0, 0, 0}, {true, false, false, false}, 4)[0] > 0, "the only one");
  Check(WeightsFor({}, {}, 1).empty(), "nobody there");
  Check(ToExpect({7, 7, 7}, {7, 6, 8}) == 3, "one for each is to be expected");
  Check(ToExpect({7, 7, 7}, {17, 0, 8}) == 11, "as many as came; who went makes no difference");
  Check(ToExpect({0, 0}, {~0u, ~0u}) == 4096, "garbage is bounded");
}

// Held connections, opened one after another, and weights anew before each `every`th.
std::vector<uint32_t> Open(std::vector<uint32_t> loads, int connections, int every) {
  const std::vector<bool> all(loads.size(), true);
  std::vector<uint32_t> before = loads;
  Program program;
  for (int k = 0; k < connections; k++) {
    if (k % every == 0) {
      program = WeightedRandom(WeightsFor(loads, all, ToExpect(before, loads)));
      CheckValid(program);
      before = loads;
    }
    loads[Run(program, {}, static_cast<uint32_t>(RandomNumbers()()))]++;
  }
  return loads;
}

double MaxByMean(const std::vector<uint32_t>& loads) {
  const double sum = std::accumulate(loads.begin(), loads.end(), 0.0);
  const double mean = sum / static_cast<double>(loads.size());
  return *std::max_element(loads.begin(), loads.end()) / mean;
}

struct Spread {
  double mean = 0;
  double worst = 0;
};

Spread Simulate(uint32_t workers, int every) {
  constexpr int kRuns = 300;
  Spread spread;
  for (int run = 0; run < kRuns; run++) {
    const double one = MaxByMean(Open(std::vector<uint32_t>(workers, 0), 100, every));
    spread.mean += one / kRuns;
    spread.worst = std::max(spread.worst, one);
  }
  std::printf("%u workers, weights anew for every %d: max/mean %.3f, at worst %.2f\n", workers,
              every, spread.mean, spread.worst);
  return spread;
}

void SpreadEvenly() {
  Check(Simulate(4, 1).worst <= 1.04, "100 held, each load known: 1.04 at most");
  const Spread stale = Simulate(4, 5);
  Check(stale.mean <= 1.10, "known for every fifth: 1.10");
  Check(stale.worst <= 1.20, "known for every fifth: 1.20 at worst");
  Check(Simulate(4, 20).mean <= 1.15, "known for every twentieth: 1.15");
  Check(Simulate(2, 1).worst <= 1.04 && Simulate(2, 5).mean <= 1.10, "of two workers too");
}

void WhoIsNewFillsUp() {
  const std::vector<uint32_t> skewed{25, 0, 25, 25};
  const std::vector<uint32_t> early = Open(skewed, 20, 5);
  Check(early[1] == 20, "a new one has all that comes at first");
  const std::vector<uint32_t> later = Open(skewed, 45, 5);
  Check(MaxByMean(later) <= 1.17, "and is one of them then");
}

}  // namespace
}  // namespace evenkeel::cbpf

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  cbpf::AsWater();
  cbpf::CaseByCase();
  cbpf::SpreadEvenly();
  cbpf::WhoIsNewFillsUp();
  return Failures();
}
