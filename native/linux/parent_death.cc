#include "parent_death.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "../error.h"

namespace evenkeel {
namespace {

// Time to end in one's own way: s.
constexpr unsigned kGrace = 1;

// Nobody's: the kernel sends it never, and emulators of user mode know it, too.
constexpr int kParentDied = SIGSTKFLT;

// SIGALRM's default ends the process, whatever its loop does. alarm(2) may be called here:
// signal-safety(7).
void OnParentDeath(int) { alarm(kGrace); }

// endWithParent(pid): from the parent's death on this process has a second. Not kept over a change
// of credentials; see PR_SET_PDEATHSIG in prctl(2). Throws the system's error.
void EndWithParent(const Napi::CallbackInfo& info) {
  const pid_t parent = info[0].ToNumber().Int32Value();
  Guard(info.Env(), [&] {
    struct sigaction action {};
    action.sa_handler = OnParentDeath;
    action.sa_flags = SA_RESTART;
    if (sigaction(kParentDied, &action, nullptr) != 0) ThrowErrno("sigaction");
    if (prctl(PR_SET_PDEATHSIG, kParentDied) != 0) ThrowErrno("prctl");
  });
  if (getppid() != parent) OnParentDeath(kParentDied);  // it died before
}

}  // namespace

void InitParentDeath(Napi::Env env, Napi::Object exports) {
  exports.Set("endWithParent", Napi::Function::New(env, EndWithParent, "endWithParent"));
}

}  // namespace evenkeel
