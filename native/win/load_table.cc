#include "../load_table.h"

#include "../error.h"

namespace evenkeel {

std::shared_ptr<LoadTableMapping> LoadTableMapping::CreateInKernel(uint32_t) {
  throw SystemFailure{kNotSupported, "bpf"};
}

SharedMemory LoadTableMapping::OpenInKernel(const Token&) { return SharedMemory(); }

}  // namespace evenkeel
