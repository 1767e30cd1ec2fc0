#pragma once

#include <linux/filter.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../source_hash.h"

#ifndef SKF_AD_RANDOM
#define SKF_AD_RANDOM 56  // Linux 3.16
#endif
#ifndef BPF_XOR
#define BPF_XOR 0xa0
#endif

// Classic BPF programs that choose a member of a reuseport group: pure functions of what is known
// of the members. The kernel's documentation, networking/filter.rst, has the instructions. What a
// program returns is an index in the group; of a load beyond the packet it returns 0.
namespace evenkeel::cbpf {

using Program = std::vector<sock_filter>;

// Beyond every group: the kernel goes by its own hash of addresses and ports.
constexpr uint32_t kKernelChooses = 0xffffffff;

inline sock_filter Do(int code, uint32_t k) { return {static_cast<uint16_t>(code), 0, 0, k}; }

inline sock_filter If(int code, uint32_t k, size_t then, size_t otherwise) {
  return {static_cast<uint16_t>(BPF_JMP | code), static_cast<uint8_t>(then),
          static_cast<uint8_t>(otherwise), k};
}

inline Program KernelChooses() { return {Do(BPF_RET | BPF_K, kKernelChooses)}; }

// Member i with a probability of weights[i] of their sum, exact to 2^-32; never one of weight 0.
// The random number is each CPU's own generator's (bpf_user_rnd_u32): nothing is shared.
inline Program WeightedRandom(const std::vector<uint32_t>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (sum == 0) return KernelChooses();
  Program program{Do(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM))};
  double below = 0;
  for (size_t i = 0; i < weights.size(); i++) {
    if (weights[i] == 0) continue;
    below += weights[i];
    if (below < sum) {  // its part of the numbers ends here: beyond, past its verdict
      const auto end = static_cast<uint32_t>(std::ldexp(below, 32) / sum);
      program.push_back(If(BPF_JGE | BPF_K, end, 1, 0));
    }
    program.push_back(Do(BPF_RET | BPF_K, static_cast<uint32_t>(i)));
    if (below == sum) break;  // all that is left was the last one's
  }
  return program;
}

// The kernel's own hash while everybody is there. It cannot leave anybody out: while some are not,
// any of the others.
inline Program Hash(const std::vector<bool>& eligible) {
  if (std::all_of(eligible.begin(), eligible.end(), [](bool one) { return one; })) {
    return KernelChooses();
  }
  return WeightedRandom(std::vector<uint32_t>(eligible.begin(), eligible.end()));
}

// One member with the name by which clients find it.
struct Named {
  uint32_t index;
  uint64_t name;
};

// A = Mix32(A); X is lost.
inline void AppendMix32(Program* program) {
  const auto fold = [&](uint32_t shift) {
    program->push_back(Do(BPF_MISC | BPF_TAX, 0));
    program->push_back(Do(BPF_ALU | BPF_RSH | BPF_K, shift));
    program->push_back(Do(BPF_ALU | BPF_XOR | BPF_X, 0));
  };
  fold(16);
  program->push_back(Do(BPF_ALU | BPF_MUL | BPF_K, 0x85ebca6b));
  fold(13);
  program->push_back(Do(BPF_ALU | BPF_MUL | BPF_K, 0xc2b2ae35));
  fold(16);
}

// A = SourceHash() of the packet's source address.
inline void AppendSourceHash(Program* program, uint64_t seed) {
  // What is loaded lies in the network header; offsets from the packet's start are of the payload.
  const auto load = [](int size, int offset) {
    return Do(BPF_LD | size | BPF_ABS, static_cast<uint32_t>(SKF_NET_OFF + offset));
  };
  // RFC 8200, 3: the source at 8. Three words here, and the last one below.
  Program v6{Do(BPF_LDX | BPF_IMM, HashSeed(seed))};
  for (const int offset : {8, 12, 16}) {
    v6.push_back(load(BPF_W, offset));
    v6.push_back(Do(BPF_ALU | BPF_XOR | BPF_X, 0));
    AppendMix32(&v6);
    v6.push_back(Do(BPF_MISC | BPF_TAX, 0));
  }
  v6.push_back(load(BPF_W, 20));
  // RFC 791, 3.1: the source at 12. As mapped into IPv6, so that a dual-stack listener, whose
  // packets are IPv4's all the same, and an IPv4 one agree, and both with accept(2)'s address.
  const Program v4{Do(BPF_LDX | BPF_IMM, MappedPrefix(seed)), load(BPF_W, 12),
                   Do(BPF_JMP | BPF_JA, static_cast<uint32_t>(v6.size()))};
  program->push_back(load(BPF_B, 0));
  program->push_back(Do(BPF_ALU | BPF_AND | BPF_K, 0xf0));  // the version, in both
  program->push_back(If(BPF_JEQ | BPF_K, 0x60, v4.size(), 0));
  program->insert(program->end(), v4.begin(), v4.end());
  program->insert(program->end(), v6.begin(), v6.end());
  program->push_back(Do(BPF_ALU | BPF_XOR | BPF_X, 0));
  AppendMix32(program);
}

// PickSourceHash() of these. Seven instructions for each: 256 are under half of what a program may
// have, and under the 20 KiB of net.core.optmem_max that it may take before Linux 6.8.
inline Program BySource(std::vector<Named> eligible, uint64_t seed) {
  constexpr uint32_t kSource = 0, kBest = 1;  // in the scratch memory
  if (eligible.empty()) return KernelChooses();
  // Of equal weights the first one stays: the lowest name's.
  std::sort(eligible.begin(), eligible.end(),
            [](const Named& one, const Named& other) { return one.name < other.name; });
  Program program;
  AppendSourceHash(&program, seed);
  program.push_back(Do(BPF_ST, kSource));
  for (size_t i = 0; i < eligible.size(); i++) {
    const SourceKey key = KeyOf(eligible[i].name, seed);
    if (i > 0) program.push_back(Do(BPF_LD | BPF_MEM, kSource));
    program.push_back(Do(BPF_ALU | BPF_XOR | BPF_K, key.flip));
    program.push_back(Do(BPF_ALU | BPF_MUL | BPF_K, key.factor));
    if (i > 0) program.push_back(If(BPF_JGT | BPF_X, 0, 0, 3));  // not the highest: the next one
    program.push_back(Do(BPF_MISC | BPF_TAX, 0));                // X: the highest yet
    program.push_back(Do(BPF_LD | BPF_IMM, eligible[i].index));
    program.push_back(Do(BPF_ST, kBest));
  }
  program.push_back(Do(BPF_LD | BPF_MEM, kBest));
  program.push_back(Do(BPF_RET | BPF_A, 0));
  return program;
}

}  // namespace evenkeel::cbpf
