// Only in prebuilt binaries for glibc (binding.gyp, portable): what this compiler and its C library take from
// newer libraries than Node itself needs, defined here, so that the addon loads wherever Node 20 does: glibc
// 2.28, and libstdc++ of gcc 8. exports.map keeps each definition inside the addon. A new symbol of that kind
// fails `npm run prebuild`, which looks at the versions of all of them.
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <typeinfo>

extern "C" {

// In libc since 2.32. False: libstdc++ counts references with atomic operations always, and the addon has threads.
char __libc_single_threaded = 0;

// In libc since 2.32, before that in libpthread. Linux's sigprocmask() changes the calling thread's mask only.
int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  return sigprocmask(how, set, before) == 0 ? 0 : errno;
}

// A function since 2.33. On 64-bit machines struct stat is the kernel's.
int fstat(int fd, struct stat* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, fd, status));
}

}  // extern "C"

namespace std {

// Since gcc 11.
void __throw_bad_array_new_length() { throw bad_array_new_length(); }

// Since gcc 9. Without RTTI the address of the tag's own variable has been compared before, and there is one
// such variable in the addon.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept { return false; }

}  // namespace std
