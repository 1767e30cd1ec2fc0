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
// ENOTSUPP, the kernel's own: it ought never to come out, and nobody out here has a name for it.
constexpr int kNotSupported = 524;

long Call(bpf_cmd command, bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

[[noreturn]] void Fail() { throw SystemFailure{errno == kNotSupported ? ENOTSUP : errno, "bpf"}; }

uint64_t Pointer(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

void SetName(char (&to)[BPF_OBJ_NAME_LEN], const char* name) { strncpy(to, name, sizeof to - 1); }

// The kernel calls back only functions it knows a type of (BTF; Documentation/bpf/btf.rst). It asks
// for no more than that, so one does for all of ours.
struct Btf {
  static constexpr uint32_t kInteger = 1U << 24, kPrototype = 13U << 24, kFunction = 12U << 24;
  static constexpr uint32_t kHeader = 24, kTypes = 40, kNames = 10;
  uint16_t magic = 0xeb9f;
  uint8_t version = 1;
  uint8_t flags = 0;
  uint32_t header = kHeader;
  uint32_t types_at = 0, types_size = kTypes;
  uint32_t names_at = kTypes, names_size = kNames;
  uint32_t types[10] = {
      1, kInteger,   4, 1U << 24 | 32,  // 1: int, signed, of 32 bits
      0, kPrototype, 1,                 // 2: int ()
      5, kFunction,  2,                 // 3: int part()
  };
  char names[kNames] = "\0int\0part";
};
constexpr Btf kBtf;
constexpr uint32_t kPart = 3;

UniqueFd LoadTypes() {
  bpf_attr attributes{};
  attributes.btf = Pointer(&kBtf);
  attributes.btf_size = Btf::kHeader + Btf::kTypes + Btf::kNames;
  UniqueFd types(static_cast<int>(Call(BPF_BTF_LOAD, &attributes)));
  if (!types.valid()) Fail();
  return types;
}

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
  if (!map.valid()) Fail();
  return map;
}

void SetElement(int map, uint32_t key, uint64_t value) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = Pointer(&key);
  attributes.value = Pointer(&value);
  if (Call(BPF_MAP_UPDATE_ELEM, &attributes) != 0) Fail();
}

void DeleteElement(int map, uint32_t key) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<uint32_t>(map);
  attributes.key = Pointer(&key);
  if (Call(BPF_MAP_DELETE_ELEM, &attributes) != 0 && errno != ENOENT) Fail();
}

UniqueFd LoadSelector(const ProgramOptions& options) {
  const UniqueFd types = LoadTypes();
  std::vector<bpf_func_info> functions;
  for (const uint32_t begin : options.functions) functions.push_back({begin, kPart});
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SK_REUSEPORT;
  attributes.expected_attach_type = kSelectOrMigrate;
  attributes.insns = Pointer(options.instructions.data());
  attributes.insn_cnt = static_cast<uint32_t>(options.instructions.size());
  attributes.license = Pointer("MIT");
  attributes.prog_btf_fd = static_cast<uint32_t>(types.get());
  attributes.func_info = Pointer(functions.data());
  attributes.func_info_cnt = static_cast<uint32_t>(functions.size());
  attributes.func_info_rec_size = sizeof(bpf_func_info);
  SetName(attributes.prog_name, options.name);
  UniqueFd program;
  // EAGAIN: a signal came while the verifier was at it.
  for (int i = 0; i < kAttempts && !program.valid(); i++) {
    program.reset(static_cast<int>(Call(BPF_PROG_LOAD, &attributes)));
    if (!program.valid() && errno != EAGAIN) break;
  }
  if (!program.valid()) Fail();
  return program;
}

}  // namespace evenkeel::bpf
