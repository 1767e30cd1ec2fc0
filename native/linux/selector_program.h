#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../load_table.h"

namespace evenkeel {

enum class GroupPolicy { kHash, kRandom, kSourceHash, kRoundRobin, kLeastConnections };

// One socket of a reuseport group. Its place in a list of them is its index in the kernel's group:
// members join in this order, and none leaves before the group ends.
struct GroupMember {
  int socket = -1;
  uint32_t slot = 0;      // its worker's
  bool eligible = false;  // it may get connections; false where it has no worker now, too
  uint32_t load = 0;      // connections of its worker
};

// What the kernel runs for each new connection to choose a member of a reuseport group, and what
// keeps it current. Where it chooses nobody, the kernel goes by its own hash. Used locked
// (Reactor::Lock()).
class SelectorProgram {
 public:
  virtual ~SelectorProgram() = default;
  // From now on these are the members. Attaches on first use, from two members on: one alone makes
  // no group. Does nothing where nothing has changed. Throws SystemFailure.
  virtual void Apply(const std::vector<GroupMember>& members) = 0;
  // It chooses by GroupMember::load: apply it anew as loads change.
  virtual bool GoesByLoad() const { return false; }
  // It counts in Slot::assigned whom it chose.
  virtual bool CountsAssigned() const { return false; }
  // Times it found nobody to choose.
  virtual uint64_t Fallbacks() const { return 0; }
};

// Extended BPF: exact, and by the load table itself. Round robin and least connections. `table`
// must be in a BPF map (LoadTableMapping::CreateInKernel()). Loads the program. Throws
// SystemFailure: EPERM without CAP_BPF, or by seccomp; EINVAL where the kernel is too old: before
// Linux 5.14, least connections before 5.17. Apply(): EBUSY of a socket that another one has.
std::unique_ptr<SelectorProgram> MakeEbpfSelector(GroupPolicy policy,
                                                  std::shared_ptr<LoadTableMapping> table);

// Classic BPF, which needs no privilege and has no memory: hash, random, source hash, and least
// connections as a random choice weighted by what was known at the last Apply().
std::unique_ptr<SelectorProgram> MakeCbpfSelector(GroupPolicy policy, uint64_t seed);

}  // namespace evenkeel
