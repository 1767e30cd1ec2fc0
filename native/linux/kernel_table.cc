#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "../error.h"
#include "../load_table.h"
#include "bpf.h"

namespace evenkeel {
namespace {

// A map's memory is whole pages, and the kernel refuses to map more than there is: reading it is no
// SIGBUS, whoever made it.
void* Map(int fd, size_t size) {
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) ThrowErrno("mmap");
  return base;
}

bool IsMap(int fd) {
  std::array<char, 32> what{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  if (readlink(link.c_str(), what.data(), what.size() - 1) < 0) return false;
  return std::string(what.data()) == "anon_inode:bpf-map";
}

}  // namespace

std::shared_ptr<LoadTableMapping> LoadTableMapping::CreateInKernel(uint32_t slots) {
  static_assert(sizeof(TableHeader) == sizeof(Slot), "the header is an element as the slots are");
  UniqueFd map = bpf::CreateMap(
      {"evenkeel_table", BPF_MAP_TYPE_ARRAY, sizeof(Slot), 1 + slots, bpf::kMappable});
  const size_t size = SizeOf(slots);
  void* base = Map(map.get(), size);
  auto mapping =
      std::make_shared<LoadTableMapping>(SharedMemory(base, size, std::move(map)), slots);
  mapping->Sign();
  return mapping;
}

SharedMemory LoadTableMapping::OpenInKernel(const Token& token) {
  if (!IsMap(token.get())) return SharedMemory();
  // bpf(2) would say how large it is, to who may call it.
  void* base = mmap(nullptr, SizeOf(0), PROT_READ | PROT_WRITE, MAP_SHARED, token.get(), 0);
  if (base == MAP_FAILED) throw SystemFailure{EINVAL, "mmap"};  // a map of another kind
  const SharedMemory first(base, SizeOf(0), UniqueFd());
  const TableHeader* header = static_cast<TableHeader*>(base);
  if (header->magic != kTableMagic || header->slots > kMaxSlots) {
    throw SystemFailure{EINVAL, "mmap"};
  }
  const size_t size = SizeOf(header->slots);
  return SharedMemory(Map(token.get(), size), size, UniqueFd());
}

}  // namespace evenkeel
