#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "../../../native/pick.h"

namespace evenkeel {

// Each failure by its name; main() returns what Failures() says.
inline int& Failures() {
  static int failures = 0;
  return failures;
}

inline void Check(bool holds, const char* name) {
  if (holds) return;
  Failures()++;
  std::printf("FAILED: %s\n", name);
}

inline std::mt19937_64& RandomNumbers() {
  static std::mt19937_64 numbers;
  return numbers;
}

inline uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(RandomNumbers()() % limit); }

// The seed is the program's argument, or a fresh one.
inline void Seed(int count, char** arguments) {
  const uint64_t seed =
      count > 1 ? std::strtoull(arguments[1], nullptr, 10) : std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  RandomNumbers().seed(seed);
}

// Workers that can take one, all given the same.
inline std::vector<Candidate> Workers(size_t count, uint32_t given = 0) {
  std::vector<Candidate> all(count);
  for (size_t i = 0; i < count; i++) {
    all[i].depth = 16;
    all[i].responsive = true;
    all[i].given = given;
    all[i].name = i;
  }
  return all;
}

}  // namespace evenkeel
