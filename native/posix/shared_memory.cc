#include "../shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "../error.h"
#include "../socket.h"

namespace evenkeel {

SharedMemory SharedMemory::Create(size_t size) {
  UniqueFd fd(memfd_create("evenkeel-load-table", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) ThrowErrno("memfd_create");
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0) ThrowErrno("ftruncate");
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    ThrowErrno("fcntl");
  }
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) ThrowErrno("mmap");
  return SharedMemory(base, size, std::move(fd));
}

SharedMemory SharedMemory::Open(Token token, size_t least) {
  struct stat status;
  if (fstat(token.get(), &status) != 0) ThrowErrno("fstat");
  const int seals = fcntl(token.get(), F_GET_SEALS);
  const size_t size = static_cast<size_t>(status.st_size);
  // Sealed against shrinking, so that no holder of it can turn another's read into a SIGBUS.
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || size < least) {
    throw SystemFailure{kInvalidArgument, "mmap"};
  }
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, token.get(), 0);
  if (base == MAP_FAILED) ThrowErrno("mmap");
  return SharedMemory(base, size, UniqueFd());
}

SharedMemory::~SharedMemory() {
  if (base_ != nullptr) munmap(base_, size_);  // fails only for what was never mapped
}

Token SharedMemory::Share() const {
  if (!source_.valid()) throw SystemFailure{kClosedDescriptor, "mmap"};
  return Duplicate(source_.get());
}

}  // namespace evenkeel
