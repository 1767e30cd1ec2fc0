#pragma once

#include <utility>

namespace evenkeel {

// The platform's close(): of a socket on Windows, whose numbers have 32 significant bits as those
// of all handles there.
void CloseDescriptor(int fd);

// Owns one file descriptor. Whoever holds the UniqueFd closes it; handing it on is a move.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    if (fd_ >= 0) CloseDescriptor(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace evenkeel
