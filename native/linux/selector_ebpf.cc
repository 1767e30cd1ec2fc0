#include <cerrno>

#include "../error.h"
#include "selector_program.h"

namespace evenkeel {

std::unique_ptr<SelectorProgram> MakeEbpfSelector(GroupPolicy, std::shared_ptr<LoadTableMapping>) {
  throw SystemFailure{ENOSYS, "bpf"};
}

}  // namespace evenkeel
