#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <unordered_map>

#include "../error.h"
#include "bpf.h"
#include "bpf/layout.h"
#include "bpf/selectors.h"
#include "selector_program.h"

namespace evenkeel {
namespace {

constexpr uint32_t kMaxMembers = EVENKEEL_MAX_MEMBERS;

// The programs' words for what slot.h says.
static_assert(sizeof(evenkeel_slot) == sizeof(Slot));
static_assert(sizeof(evenkeel_slot) == sizeof(TableHeader));
static_assert(offsetof(evenkeel_slot, state) == offsetof(Slot, state));
static_assert(offsetof(evenkeel_slot, adjust) == offsetof(Slot, adjust));
static_assert(offsetof(evenkeel_slot, assigned) == offsetof(Slot, assigned));
static_assert(offsetof(evenkeel_slot, taken) == offsetof(Slot, taken));
static_assert(offsetof(evenkeel_slot, accepted) == offsetof(Slot, accepted));
static_assert(offsetof(evenkeel_slot, closed) == offsetof(Slot, closed));
static_assert(offsetof(evenkeel_slot, stamp) == offsetof(Slot, stamp));
static_assert(offsetof(evenkeel_slot, others) == offsetof(Slot, pid));

// What the program knows of the group: nobody's memory but the primary's. Who could write to it
// could send connections to whom it likes.
class GroupMap {
 public:
  using Element = std::atomic<uint64_t>;
  static_assert(sizeof(Element) == sizeof(uint64_t) && Element::is_always_lock_free);

  GroupMap()
      : fd_(bpf::CreateMap({"evenkeel_group", BPF_MAP_TYPE_ARRAY, sizeof(uint64_t),
                            EVENKEEL_GROUP_ELEMENTS, bpf::kMappable})) {
    base_ = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (base_ == MAP_FAILED) ThrowErrno("mmap");
  }
  ~GroupMap() { munmap(base_, kSize); }  // fails only for arguments that were never mapped
  GroupMap(const GroupMap&) = delete;
  GroupMap& operator=(const GroupMap&) = delete;

  int fd() const { return fd_.get(); }
  uint64_t Fallbacks() const { return at(EVENKEEL_GROUP_FALLBACKS).load(); }

  // Whatever a program that runs meanwhile reads, it is within the list, and the slot of a member
  // that is or just was in it.
  void Publish(const std::vector<uint32_t>& slots) {
    Element& count = at(EVENKEEL_GROUP_COUNT);
    if (slots.size() < count.load()) count.store(slots.size());
    for (size_t i = 0; i < slots.size(); i++) slot_at(i).store(slots[i]);
    count.store(slots.size());
  }

 private:
  static constexpr size_t kSize = EVENKEEL_GROUP_ELEMENTS * sizeof(Element);
  // Half an element, so as not to write over the program's half.
  std::atomic<uint32_t>& slot_at(size_t place) const {
    static_assert(offsetof(evenkeel_member, slot) == 0 &&
                  sizeof(evenkeel_member) == sizeof(Element));
    return reinterpret_cast<std::atomic<uint32_t>&>(at(EVENKEEL_GROUP_SLOTS + place));
  }
  Element& at(size_t index) const { return static_cast<Element*>(base_)[index]; }

  UniqueFd fd_;
  void* base_;
};

template <size_t kCode, size_t kFunctions, size_t kUses>
UniqueFd Load(const char* name, const bpf_insn (&code)[kCode],
              const uint32_t (&functions)[kFunctions], const selectors::MapUse (&uses)[kUses],
              const int (&maps)[selectors::kMaps]) {
  bpf::ProgramOptions program{name, {code, code + kCode}, {functions, functions + kFunctions}};
  for (const selectors::MapUse& use : uses) {
    program.instructions[use.instruction].src_reg = BPF_PSEUDO_MAP_FD;
    program.instructions[use.instruction].imm = maps[use.map];
  }
  return bpf::LoadSelector(program);
}

// The kernel's number of a socket: no other ever has it, as another may have the descriptor's.
uint64_t CookieOf(int socket) {
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  if (getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &length) != 0) ThrowErrno("getsockopt");
  return cookie;
}

struct Candidate {
  uint32_t slot;
  int socket;
  uint64_t cookie;
};

class EbpfSelector final : public SelectorProgram {
 public:
  EbpfSelector(GroupPolicy policy, const LoadTableMapping& table)
      : policy_(policy),
        slots_(std::min(table.slots(), kMaxMembers)),
        sockets_(bpf::CreateMap(
            {"evenkeel_member", BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, sizeof(uint64_t), kMaxMembers})) {
    int maps[selectors::kMaps];
    maps[selectors::kTable] = table.memory().source().get();
    maps[selectors::kGroup] = group_.fd();
    maps[selectors::kMembers] = sockets_.get();
    using namespace selectors;
    if (policy == GroupPolicy::kRoundRobin) {
      program_ = Load("evenkeel_rr", kRoundRobin, kRoundRobinFunctions, kRoundRobinMaps, maps);
    } else if (policy == GroupPolicy::kLeastConnections) {
      program_ = Load("evenkeel_lc", kLeastConnections, kLeastConnectionsFunctions,
                      kLeastConnectionsMaps, maps);
    } else {
      throw SystemFailure{EINVAL, "bpf"};
    }
  }

  // Another process may have the sockets too, and put them into a map of its own: the kernel has
  // them in one alone. The program, attached until that one attaches its own, falls back to the
  // hash.
  ~EbpfSelector() override {
    for (uint32_t slot = 0; slot < slots_; slot++) {
      if (places_[slot] == 0) continue;
      try {
        bpf::DeleteElement(sockets_.get(), slot);
      } catch (const SystemFailure&) {
        // Were the map broken, the program would find nobody in it either.
      }
    }
  }

  // Where it throws, the program goes by those whose sockets are in place, and the next Apply()
  // does what is left.
  void Apply(const std::vector<GroupMember>& members) override {
    if (members.size() < 2 && !attached_) return;
    const std::vector<Candidate> candidates = Eligible(members);
    std::vector<uint32_t> all, in_place;
    for (const Candidate& candidate : candidates) {
      all.push_back(candidate.slot);
      if (places_[candidate.slot] == candidate.cookie) in_place.push_back(candidate.slot);
    }
    group_.Publish(in_place);
    if (in_place.size() < all.size()) {
      Place(candidates);
      group_.Publish(all);
    }
    if (!attached_) Attach(members.front().socket);
  }

  bool CountsAssigned() const override { return policy_ == GroupPolicy::kLeastConnections; }
  uint64_t Fallbacks() const override { return group_.Fallbacks(); }

 private:
  std::vector<Candidate> Eligible(const std::vector<GroupMember>& members) const {
    std::vector<Candidate> candidates;
    std::array<bool, kMaxMembers> taken{};
    for (const GroupMember& member : members) {
      if (!member.eligible) continue;
      // Two sockets in one slot: one of them would get nothing.
      if (member.slot >= slots_ || taken[member.slot]) throw SystemFailure{EINVAL, "bpf"};
      taken[member.slot] = true;
      candidates.push_back({member.slot, member.socket, CookieOf(member.socket)});
    }
    return candidates;
  }

  // The kernel has a socket in one place only (EBUSY), so those that get another leave theirs
  // first. Who is not eligible now keeps its place as long as nobody else wants it.
  void Place(const std::vector<Candidate>& candidates) {
    std::unordered_map<uint64_t, uint32_t> wanted;
    for (const Candidate& candidate : candidates) wanted[candidate.cookie] = candidate.slot;
    for (uint32_t slot = 0; slot < slots_; slot++) {
      const auto found = wanted.find(places_[slot]);
      if (found == wanted.end() || found->second == slot) continue;
      bpf::DeleteElement(sockets_.get(), slot);
      places_[slot] = 0;
    }
    for (const Candidate& candidate : candidates) {
      if (places_[candidate.slot] == candidate.cookie) continue;
      bpf::SetElement(sockets_.get(), candidate.slot, static_cast<uint64_t>(candidate.socket));
      places_[candidate.slot] = candidate.cookie;
    }
  }

  void Attach(int socket) {
    const int program = program_.get();
    if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program, sizeof program) != 0) {
      ThrowErrno("setsockopt");
    }
    attached_ = true;
  }

  const GroupPolicy policy_;
  const uint32_t slots_;
  GroupMap group_;
  UniqueFd sockets_;  // by slot
  UniqueFd program_;
  std::array<uint64_t, kMaxMembers> places_{};  // cookie of the socket in each slot
  bool attached_ = false;
};

}  // namespace

std::unique_ptr<SelectorProgram> MakeEbpfSelector(GroupPolicy policy,
                                                  std::shared_ptr<LoadTableMapping> table) {
  return std::make_unique<EbpfSelector>(policy, *table);
}

}  // namespace evenkeel
