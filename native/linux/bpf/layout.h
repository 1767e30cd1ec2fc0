// What the selector programs read and write, in plain C: selectors.bpf.c compiles it for the
// kernel's machine, selector_ebpf.cc holds it against the C++ that it mirrors.
#ifndef EVENKEEL_BPF_LAYOUT_H_
#define EVENKEEL_BPF_LAYOUT_H_

#include <linux/types.h>

enum {
  // As MAX_WORKERS of src/load-table.ts.
  EVENKEEL_MAX_MEMBERS = 256,
};

// One element of the load table; see ../../slot.h. Element 0 is the header, 1 + i is slot i.
struct evenkeel_slot {
  __u32 state;
  __u32 adjust;
  __u32 assigned;
  __u32 taken;
  __u32 accepted;
  __u32 closed;
  __u64 stamp;
  __u32 others[8];
};

// An element of the group's list.
struct evenkeel_member {
  __u32 slot;  // primary
  __u32 turn;  // program: when it was last chosen; of who had this place before, too
};

// The elements of the group map, a __u64 each.
enum {
  EVENKEEL_GROUP_COUNT,       // primary: so many slots are in the list
  EVENKEEL_GROUP_TURN,        // program: connections it has placed
  EVENKEEL_GROUP_OTHER_TURN,  // program: times it ran for another packet
  EVENKEEL_GROUP_FALLBACKS,   // program: times it chose nobody
  EVENKEEL_GROUP_SLOTS,       // the list of eligible members: evenkeel_member
  EVENKEEL_GROUP_ELEMENTS = EVENKEEL_GROUP_SLOTS + EVENKEEL_MAX_MEMBERS,
};

#endif  // EVENKEEL_BPF_LAYOUT_H_
