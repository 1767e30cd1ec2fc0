#include "../shared_memory.h"

#include "../error.h"
#include "event.h"

namespace evenkeel {
namespace {

void* Map(HANDLE mapping) {
  void* base = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
  if (base == nullptr) ThrowErrno("MapViewOfFile");
  return base;
}

// Whole pages.
size_t SizeOfView(const void* base) {
  MEMORY_BASIC_INFORMATION view{};
  if (VirtualQuery(base, &view, sizeof view) == 0) ThrowErrno("VirtualQuery");
  return view.RegionSize;
}

}  // namespace

// A file mapping backed by the paging file has its size for good.
SharedMemory SharedMemory::Create(size_t size) {
  SharedMemory memory;
  memory.name_ = SecretName();
  memory.source_ = UniqueHandle(CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0,
                                                   static_cast<DWORD>(size), memory.name_.c_str()));
  if (!memory.source_.valid() || GetLastError() == ERROR_ALREADY_EXISTS) {
    ThrowErrno("CreateFileMapping");
  }
  memory.base_ = Map(memory.source_.get());
  memory.size_ = SizeOfView(memory.base_);
  return memory;
}

SharedMemory SharedMemory::Open(Token token, size_t least) {
  const UniqueHandle mapping(
      OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, token.c_str()));
  if (!mapping.valid()) ThrowErrno("OpenFileMapping");
  SharedMemory memory;
  memory.base_ = Map(mapping.get());
  memory.size_ = SizeOfView(memory.base_);
  if (memory.size_ < least) throw SystemFailure{kInvalidArgument, "MapViewOfFile"};
  return memory;
}

SharedMemory::~SharedMemory() {
  if (base_ != nullptr) UnmapViewOfFile(base_);  // fails only for what was never mapped
}

Token SharedMemory::Share() const {
  if (!source_.valid()) throw SystemFailure{kClosedDescriptor, "OpenFileMapping"};
  return name_;
}

}  // namespace evenkeel
