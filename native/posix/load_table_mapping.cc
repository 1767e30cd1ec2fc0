#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "../error.h"
#include "../load_table.h"
#include "../unique_fd.h"

namespace evenkeel {

std::shared_ptr<LoadTableMapping> LoadTableMapping::Create(uint32_t slots) {
  UniqueFd fd(memfd_create("evenkeel-load-table", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) ThrowErrno("memfd_create");
  const size_t size = SizeOf(slots);
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0) ThrowErrno("ftruncate");
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    ThrowErrno("fcntl");
  }
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) ThrowErrno("mmap");
  auto mapping = std::make_shared<LoadTableMapping>(base, size, fd.release());
  mapping->Sign();
  return mapping;
}

std::shared_ptr<LoadTableMapping> LoadTableMapping::Open(int raw) {
  UniqueFd fd(raw);
  if (IsInKernel(fd.get())) return OpenInKernel(fd.get());
  struct stat status;
  if (fstat(fd.get(), &status) != 0) ThrowErrno("fstat");
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  const size_t size = static_cast<size_t>(status.st_size);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || size < SizeOf(1)) {
    throw SystemFailure{EINVAL, "mmap"};
  }
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) ThrowErrno("mmap");
  auto mapping = std::make_shared<LoadTableMapping>(base, size, -1);
  if (mapping->header()->magic != kTableMagic || SizeOf(mapping->header()->slots) != size) {
    throw SystemFailure{EINVAL, "mmap"};
  }
  return mapping;
}

LoadTableMapping::~LoadTableMapping() {
  munmap(base_, size_);  // fails only for arguments that were never mapped
  CloseFd();
}

void LoadTableMapping::CloseFd() { UniqueFd closing(std::exchange(fd_, -1)); }

}  // namespace evenkeel
