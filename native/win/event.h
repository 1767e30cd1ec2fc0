#pragma once

#include <string>

#include "unique_handle.h"

namespace evenkeel {

// A name in the kernel that nobody can guess: who knows it was told. Throws SystemFailure.
std::string SecretName();

// An event with a name: what is set wakes one who waits, once.
class Event {
 public:
  Event() = default;
  // Throws SystemFailure, where the name is taken as well.
  static Event Make(std::string name);
  // Throws SystemFailure where there is none of that name.
  static Event Open(std::string name);

  bool valid() const { return handle_.valid(); }
  HANDLE handle() const { return handle_.get(); }
  const std::string& name() const { return name_; }
  // Fail only for what is no event.
  void Set() const { SetEvent(handle_.get()); }
  // True where it was set; it is not any more.
  bool Take() const { return WaitForSingleObject(handle_.get(), 0) == WAIT_OBJECT_0; }

 private:
  UniqueHandle handle_;
  std::string name_;
};

}  // namespace evenkeel
