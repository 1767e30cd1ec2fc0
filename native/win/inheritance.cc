#include "inheritance.h"

namespace evenkeel {

std::shared_mutex& InheritanceLock() {
  static std::shared_mutex lock;
  return lock;
}

}  // namespace evenkeel
