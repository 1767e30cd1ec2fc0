#pragma once

#include <cstddef>
#include <utility>

#include "token.h"

#ifdef _WIN32
#include "win/unique_handle.h"
#endif

namespace evenkeel {

// Memory that several processes have mapped, of a fixed size: nobody who has it can make another's
// read fail.
class SharedMemory {
 public:
  SharedMemory() = default;
  // Zeroed. Throws SystemFailure.
  static SharedMemory Create(size_t size);
  // What another process shares, at least so large. Keeps nothing that could be shared on: what a
  // worker does not have its application cannot misuse. Throws SystemFailure, kInvalidArgument
  // where it is something else.
  static SharedMemory Open(Token token, size_t least);

  SharedMemory(SharedMemory&& other) noexcept { *this = std::move(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    std::swap(source_, other.source_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~SharedMemory();

  void* base() const { return base_; }
  // As mapped; on Windows whole pages.
  size_t size() const { return size_; }
  // For another process to open. Throws SystemFailure where it was opened, or StopSharing() called.
  Token Share() const;
  // It stays mapped.
  void StopSharing() { source_ = Source(); }

#ifdef _WIN32
  using Source = UniqueHandle;
#else
  using Source = UniqueFd;
  // Takes what is mapped already; `source`: may be none.
  SharedMemory(void* base, size_t size, Source source)
      : base_(base), size_(size), source_(std::move(source)) {}
#endif
  const Source& source() const { return source_; }

 private:
  void* base_ = nullptr;
  size_t size_ = 0;
  Source source_;
  std::string name_;  // Windows
};

}  // namespace evenkeel
