#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "../error.h"
#include "cbpf.h"
#include "selector_program.h"
#include "weights.h"

#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51  // Linux 4.5
#endif

namespace evenkeel {
namespace {

bool Same(const cbpf::Program& one, const cbpf::Program& other) {
  return one.size() == other.size() &&
         memcmp(one.data(), other.data(), one.size() * sizeof(sock_filter)) == 0;
}

class CbpfSelector : public SelectorProgram {
 public:
  CbpfSelector(GroupPolicy policy, uint64_t seed) : policy_(policy), seed_(seed) {
    // What a group without any program does.
    if (policy == GroupPolicy::kHash) attached_ = cbpf::KernelChooses();
  }

  void Apply(const std::vector<GroupMember>& members) override {
    if (members.size() < 2) return;  // no group, no program: EINVAL
    cbpf::Program program = Build(members);
    if (Same(program, attached_)) return;
    // The group's, whichever member's socket it is. The kernel exchanges it at once: a connection
    // is chosen for by the one or the other.
    const sock_fprog code{static_cast<uint16_t>(program.size()), program.data()};
    if (setsockopt(members[0].socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &code, sizeof code) !=
        0) {
      ThrowErrno("setsockopt");
    }
    attached_ = std::move(program);
  }

  bool GoesByLoad() const override { return policy_ == GroupPolicy::kLeastConnections; }

 private:
  cbpf::Program Build(const std::vector<GroupMember>& members) {
    if (policy_ == GroupPolicy::kSourceHash) {
      std::vector<cbpf::Named> named;
      for (uint32_t i = 0; i < members.size(); i++) {
        if (members[i].eligible) named.push_back({i, members[i].slot});
      }
      return cbpf::BySource(std::move(named), seed_);
    }
    std::vector<bool> eligible;
    for (const GroupMember& member : members) eligible.push_back(member.eligible);
    if (policy_ == GroupPolicy::kHash) return cbpf::Hash(eligible);
    if (policy_ == GroupPolicy::kRandom) {
      return cbpf::WeightedRandom(std::vector<uint32_t>(eligible.begin(), eligible.end()));
    }
    return cbpf::WeightedRandom(LoadWeights(members, eligible));
  }

  std::vector<uint32_t> LoadWeights(const std::vector<GroupMember>& members,
                                    const std::vector<bool>& eligible) {
    std::vector<uint32_t> loads;
    for (const GroupMember& member : members) loads.push_back(member.load);
    for (size_t i = loads_.size(); i < loads.size(); i++) loads_.push_back(loads[i]);
    const uint32_t ahead = ToExpect(loads_, loads);
    loads_ = std::move(loads);
    return WeightsFor(loads_, eligible, ahead);
  }

  GroupPolicy policy_;
  uint64_t seed_;
  cbpf::Program attached_;
  std::vector<uint32_t> loads_;  // as they were
};

}  // namespace

std::unique_ptr<SelectorProgram> MakeCbpfSelector(GroupPolicy policy, uint64_t seed) {
  // Classic BPF has no memory: whose turn it is cannot be known.
  if (policy == GroupPolicy::kRoundRobin) throw SystemFailure{EOPNOTSUPP, "setsockopt"};
  return std::make_unique<CbpfSelector>(policy, seed);
}

}  // namespace evenkeel
