#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <vector>

#include "../unique_fd.h"

// bpf(2), and no more of it than is needed here. Keys are of 32 bits; what is made is closed in the
// programs this process starts. Each throws SystemFailure.
namespace evenkeel::bpf {

// Since Linux 5.5: the elements of an array map can be mapped into memory.
constexpr uint32_t kMappable = 1U << 10;

// `name`, of 15 characters at most: what bpftool(8) shows.
struct MapOptions {
  const char* name;
  bpf_map_type type;
  uint32_t value_size;
  uint32_t elements;
  uint32_t flags = 0;
};
UniqueFd CreateMap(const MapOptions& options);

// Of a map with values of 8 bytes.
void SetElement(int map, uint32_t key, uint64_t value);
// Where there is none it has nothing to do.
void DeleteElement(int map, uint32_t key);

// A program that chooses a member of a reuseport group, also for the connections of a member that
// is closed. `functions`: the instructions at which its functions begin. Since Linux 5.14.
struct ProgramOptions {
  const char* name;
  std::vector<bpf_insn> instructions;
  std::vector<uint32_t> functions;
};
UniqueFd LoadSelector(const ProgramOptions& options);

}  // namespace evenkeel::bpf
