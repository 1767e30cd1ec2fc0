#include <cerrno>

#include "../error.h"
#include "selector_program.h"

namespace evenkeel {

std::unique_ptr<SelectorProgram> MakeCbpfSelector(GroupPolicy, uint64_t) {
  throw SystemFailure{ENOSYS, "setsockopt"};
}

}  // namespace evenkeel
