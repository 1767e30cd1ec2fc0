#pragma once
// As much of Windows as native/win/lane_pipe.cc knows, and no more. See ../lane-pipe.cc.
#include <cstdint>

using DWORD = uint32_t;
using HANDLE = void*;
using SOCKET = uintptr_t;
struct WSAPROTOCOL_INFOW {
  int connection;  // whose duplicate it is
  char rest[620];
};
constexpr DWORD WAIT_OBJECT_0 = 0;
constexpr int WSAEMFILE = 10024, WSAENOTSOCK = 10038, WSAENOBUFS = 10055;
constexpr int ERROR_NOT_ENOUGH_MEMORY = 8, ERROR_NO_SYSTEM_RESOURCES = 1450;
void SetEvent(HANDLE event);
DWORD WaitForSingleObject(HANDLE event, DWORD ms);
void CloseHandle(HANDLE event);
