// In this order: the second needs the first.
// clang-format off
#include <windows.h>
#include <delayimp.h>
// clang-format on
#include <string.h>

// For MinGW; MSVC has node-gyp's. The import names node.exe, but whoever runs JavaScript may be
// called otherwise (a renamed or an embedding program), and to load a second node.exe would be
// fatal: what Node's functions are looked up in is the program that runs.
static FARPROC WINAPI OnDelayLoad(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  HMODULE node = GetModuleHandleA("libnode.dll");
  if (node == nullptr) node = GetModuleHandleA(nullptr);
  return reinterpret_cast<FARPROC>(node);
}

extern "C" {
extern PfnDliHook __pfnDliNotifyHook2;
PfnDliHook __pfnDliNotifyHook2 = OnDelayLoad;
}
