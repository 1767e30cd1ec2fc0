#include "handle_count.h"

#include <windows.h>
#include <winsock2.h>

#include <algorithm>
#include <vector>

#include "../error.h"

namespace evenkeel {
namespace {

// SYSTEM_EXTENDED_HANDLE_INFORMATION, which no header of MinGW's declares.
struct SystemHandle {
  void* object;
  ULONG_PTR pid;
  ULONG_PTR value;
  ULONG access;
  USHORT trace;
  USHORT type;
  ULONG attributes;
  ULONG reserved;
};

struct SystemHandles {
  ULONG_PTR count;
  ULONG_PTR reserved;
  SystemHandle handles[1];
};

// This process's handles in the table of all. 0: it cannot be had.
DWORD CountInTable() {
  using Query = LONG(WINAPI*)(int, void*, ULONG, ULONG*);
  constexpr int kExtendedHandleInformation = 64;
  constexpr LONG kTooShort = static_cast<LONG>(0xC0000004);  // STATUS_INFO_LENGTH_MISMATCH
  const auto query = reinterpret_cast<Query>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtQuerySystemInformation")));
  if (query == nullptr) return 0;
  for (size_t size = 1 << 20; size <= 1 << 26; size *= 2) {
    std::vector<char> buffer(size);
    const LONG status =
        query(kExtendedHandleInformation, buffer.data(), static_cast<ULONG>(size), nullptr);
    if (status == kTooShort) continue;
    if (status < 0) return 0;
    const auto* table = reinterpret_cast<const SystemHandles*>(buffer.data());
    const ULONG_PTR own = GetCurrentProcessId();
    return static_cast<DWORD>(
        std::count_if(table->handles, table->handles + table->count,
                      [own](const SystemHandle& handle) { return handle.pid == own; }));
  }
  return 0;
}

}  // namespace

Napi::Value HandleCount(const Napi::CallbackInfo& info) {
  DWORD count = 0;
  if (!GetProcessHandleCount(GetCurrentProcess(), &count)) {
    throw ToError(info.Env(), SystemFailure{LastError(), "GetProcessHandleCount"});
  }
  if (count == 0) count = CountInTable();  // Wine says so of every process
  return Napi::Number::New(info.Env(), count);
}

}  // namespace evenkeel
