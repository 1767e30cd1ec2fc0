#pragma once

#include <uv.h>

#include <cstdint>

namespace evenkeel {

// Processor time this thread, which runs `loop`, has used for work, in ns; of any beginning.
uint64_t BusyTime(const uv_loop_t* loop);

}  // namespace evenkeel
