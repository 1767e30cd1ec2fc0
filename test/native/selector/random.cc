// Weighted random choice, and what becomes of the kernel's hash.
#include <numeric>

#include "machine.h"

namespace evenkeel::cbpf {
namespace {

std::vector<uint32_t> RandomWeights(size_t count) {
  const uint32_t limit = Below(2) ? 3 : Below(2) ? 1000 : ~0u;
  const uint32_t absent = Below(5);  // of four
  std::vector<uint32_t> weights(count);
  for (uint32_t& weight : weights) weight = Below(4) < absent ? 0 : Below(limit);
  return weights;
}

// The choice grows with the random number: where it changes, by bisection, is each one's share.
std::vector<double> Shares(const Program& program, size_t count) {
  std::vector<double> shares(count, 0);
  uint64_t from = 0;
  while (from < 1ull << 32) {
    const uint32_t chosen = Run(program, {}, static_cast<uint32_t>(from));
    Check(chosen < count, "one of them");
    if (chosen >= count) break;
    uint64_t last = from;
    uint64_t beyond = 1ull << 32;
    while (beyond - last > 1) {
      const uint64_t middle = last + (beyond - last) / 2;
      const uint32_t there = Run(program, {}, static_cast<uint32_t>(middle));
      Check(there >= chosen, "in the order of the members");
      (there == chosen ? last : beyond) = middle;
    }
    shares[chosen] += static_cast<double>(beyond - from);
    from = beyond;
  }
  return shares;
}

void InProportion(size_t count) {
  const std::vector<uint32_t> weights = RandomWeights(count);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const Program program = WeightedRandom(weights);
  CheckValid(program);
  if (sum == 0) {
    Check(Run(program, {}, Below(~0u)) == kKernelChooses, "without any weight the kernel's hash");
    return;
  }
  const std::vector<double> shares = Shares(program, count);
  for (size_t i = 0; i < count; i++) {
    const double exact = std::ldexp(weights[i], 32) / sum;
    Check(std::abs(shares[i] - exact) <= 1, "exact to 2^-32");
    if (weights[i] == 0) Check(shares[i] == 0, "no weight, no connection");
  }
}

void EqualWeights() {
  for (const double share : Shares(WeightedRandom({1, 1, 1, 1}), 4)) {
    Check(share == 1u << 30, "a quarter");
  }
  const std::vector<double> shares = Shares(WeightedRandom({0, 3, 0, 1, 0}), 5);
  Check(shares == std::vector<double>{0, 3u << 30, 0, 1u << 30, 0}, "three and one of four");
  Check(WeightedRandom({0, 0, 5}).size() == 2, "the only one needs no comparison");
  Check(Run(WeightedRandom({}), {}, 0) == kKernelChooses, "nobody there");
}

void TheHash() {
  const auto chooses = [](const std::vector<bool>& eligible) {
    return Run(Hash(eligible), {}, Below(~0u));
  };
  Check(chooses({true, true, true}) == kKernelChooses, "while all are eligible");
  Check(Hash({true, true}).size() == 1, "nothing but that");
  Check(chooses({false, true, false}) == 1, "who is left");
  Check(chooses({false, false}) == kKernelChooses, "nobody is left");
  for (int i = 0; i < 1000; i++) Check(chooses({true, false, true}) % 2 == 0, "never who is not");
}

}  // namespace
}  // namespace evenkeel::cbpf

int main(int count, char** arguments) {
  using namespace evenkeel;
  Seed(count, arguments);
  for (size_t members = 1; members <= 256; members++) cbpf::InProportion(members);
  for (int i = 0; i < 300; i++) cbpf::InProportion(1 + Below(8));
  cbpf::EqualWeights();
  cbpf::TheHash();
  return Failures();
}
