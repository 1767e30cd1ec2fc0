#pragma once

#include <array>
#include <cstdint>

// Which client has which worker, in 32 bits: what a classic BPF program can compute too, so that
// the kernel's choice and the primary's are the same (linux/cbpf.h).
namespace evenkeel {

// A good hash of 64 bits: Stafford's variant 13 of the finalizer of MurmurHash3, as in SplitMix64.
inline uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// And of 32 bits: the finalizer of MurmurHash3_x86_32 (Appleby).
inline uint32_t Mix32(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}

// An IPv6 address, or an IPv4 one in the IPv4-mapped form: its four words in network order, each as
// a number.
using SourceAddress = std::array<uint32_t, 4>;

inline uint32_t HashSeed(uint64_t seed) { return static_cast<uint32_t>(Mix(seed)); }

// What the three words that all IPv4 addresses have in common come to.
inline uint32_t MappedPrefix(uint64_t seed) { return Mix32(Mix32(Mix32(HashSeed(seed))) ^ 0xffff); }

inline uint32_t SourceHash(const SourceAddress& address, uint64_t seed) {
  uint32_t hash = HashSeed(seed);
  for (const uint32_t word : address) hash = Mix32(hash ^ word);
  return hash;
}

// A worker's side of rendezvous hashing: numbers of its own, by its name.
struct SourceKey {
  uint32_t flip;
  uint32_t factor;  // odd: no two clients have one weight
};

inline SourceKey KeyOf(uint64_t name, uint64_t seed) {
  const uint64_t x = Mix(Mix(seed ^ Mix(name + 1)) + 1);
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(x >> 32) | 1};
}

// Multiplicative hashing (Knuth, TAOCP 6.4), with a factor for each worker: only weights of one
// client are compared, and the highest bits, which decide, are of all bits of the client's hash. It
// takes two instructions for each of perhaps 256 workers, where a whole Mix32() takes eleven.
inline uint32_t SourceWeight(uint32_t source, SourceKey key) {
  return (source ^ key.flip) * key.factor;
}

}  // namespace evenkeel
