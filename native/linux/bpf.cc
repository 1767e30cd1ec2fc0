#include "bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "../error.h"

namespace evenkeel::bpf {
namespace {

constexpr uint32_t kSelectOrMigrate = 40;  // BPF_SK_REUSEPORT_SELECT_OR_MIGRATE
constexpr int kAttempts = 5;

long Call(bpf_cmd command, bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

uint64_t Pointer(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void SetName(char (&to)[BPF_OBJ_NAME_LEN], const char* name) { strncpy(to, name, sizeof to - 1); }

}  // namespace

UniqueFd CreateMap(const MapOptions& options) {
  bpf_attr attributes{};
  attributes.map_type = options.type;
  attributes.key_size = sizeof(uint32_t);
  attributes.value_size = options.value_size;
  attributes.max_entries = options.elements;
  attributes.map_flags = options.flags;
  SetName(attributes.map_name, options.name);
  UniqueFd map(static_cast<int>(Call(BPF_MAP_CREATE, &attributes)));
  if (!map.valid()) ThrowErrno("bpf");
  return map;
}

void SetElement(int map, uint32_t key, uint64_t value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = Pointer(&key);
  attributes.value = Pointer(&value);
  if (Call(BPF_MAP_UPDATE_ELEM, &attributes) != 0) ThrowErrno("bpf");
}

void DeleteElement(int map, uint32_t key) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = Pointer(&key);
  if (Call(BPF_MAP_DELETE_ELEM, &attributes) != 0 && errno != ENOENT) ThrowErrno("bpf");
}

UniqueFd LoadSelector(const char* name, const std::vector<bpf_insn>& instructions) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SK_REUSEPORT;
  attributes.expected_attach_type = kSelectOrMigrate;
  attributes.insns = Pointer(instructions.data());
  attributes.insn_cnt = static_cast<uint32_t>(instructions.size());
  attributes.license = Pointer("MIT");
  SetName(attributes.prog_name, name);
  UniqueFd program;
  // EAGAIN: a signal came while the verifier was at it.
  for (int i = 0; i < kAttempts && !program.valid(); i++) {
    program.reset(static_cast<int>(Call(BPF_PROG_LOAD, &attributes)));
    if (!program.valid() && errno != EAGAIN) break;
  }
  if (!program.valid()) ThrowErrno("bpf");
  return program;
}

}  // namespace evenkeel::bpf
