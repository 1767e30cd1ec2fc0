/* Liveness is proven, not hoped: no connection waits for ever in the queue of a gated shared listener while
 * one worker's loop turns. Run by check.sh. Read beside it native/linux/gatekeeper.cc (a worker's half),
 * native/linux/watchdog.cc (the primary's), native/loop_stamp.cc and native/slot.h.
 *
 * WHAT IS LEFT OUT, and why nothing is proven too cheaply by it. Each abstraction allows more than the code
 * and the kernel do; what holds for all of that holds for them.
 *  - gate.h: whether a gate is open is a free choice in every turn. No load, no slack, no number can matter: a
 *    wrong decision costs balance, never a connection. A registration that fails is one of the choices.
 *  - The order of the line: the kernel tries waiters in turn and stops at the first that sleeps. Here that is
 *    any sleeper, the watchdog among them: where it stands is a matter of speed.
 *  - Whom the watchdog rings first: any idle worker. How many in a look: one; the next look may come at once.
 *  - Time: a deadline may come at any time after it was set, but it comes. A worker that blocks for a while is
 *    one whose next step is late, and any step may be.
 *  - Other events: any worker may be woken at any time, or never.
 *  - `called` and `answered` are one bit: whether they differ.
 *  - Silence (gate.h's SilenceOf): of a worker that is well and late it is a free choice whether it has lasted for
 *    100 ms; of one that is late for ever it has. `withdrawn` is: not exhausted, and does not share.
 *  - A look reads all slots in one step. The queue's length it knows may be out of date by then.
 *  - The load table's garbage: SCRIBBLE. `shares` is taken to be what its worker wrote.
 *
 * Worker R is the one that is responsive: it never blocks for ever and never dies, its server has room but where
 * a variant says otherwise. The others may block or die at any step.
 *
 * VARIANTS, off unless defined:
 *   FULL        servers fill up and have room again (Gatekeeper::Withdraw); R's has always
 *   ALL_FULL    every server is full for ever, R's too
 *   R_FULL      R's is full for ever
 *   SCRIBBLE    somebody writes nonsense over the idle and the suspend marks, as often as he likes
 *   EXHAUSTED   accept4() may fail with EMFILE: for R once, for the others as often as it likes
 *   REBIRTH     a worker that died is followed by another
 *   LEAVING     worker.disconnect(): the lease ends before the worker closes its gate
 *   OLD_KERNEL  before Linux 5.7 a worker just woken swallows further wake-ups until it runs
 *   BELLS       watchdogs of other listeners ring the worker, too
 *   NO_DOUBT    connections that wait for 100 ms do not make the watchdog ring everybody
 *   STRICT      nor are there quiet looks, see there
 *   CALM        R is woken by gate and bell alone, see `served`
 *   COARSE      the end of a worker's turn is one step
 *   IDENTITY    so many connections come, and have names
 * and MUTANT_...: a line left out of the code, each of which must be found out. */

#ifndef WORKERS
#define WORKERS 3
#endif
#ifndef QUEUE
#define QUEUE 2
#endif
#define R 0

/* STRICT: there is no quiet look, nobody rings everybody for doubt, and nobody blocks for ever between the
 * kernel's waking it for a connection and its accept. What holds then does without waiting for 100 ms. */
#ifdef STRICT
#define MUTANT_NO_QUIET_LOOK
#define NO_DOUBT
#endif

/* ---- The kernel. ---- */

#define AWAKE 0
#define ASLEEP 1 /* in epoll_wait() */
#define WOKEN 2  /* about to return from it */

byte queue;          /* length of the accept queue */
bool open[WORKERS];  /* the gate: the socket is in the worker's epoll, EPOLLIN | EPOLLEXCLUSIVE */
bool ready[WORKERS]; /* and in its ready list, to be looked at by the next epoll_wait() */
bool bell[WORKERS];  /* the eventfd: rung and not heard */
byte rest[WORKERS];
/* The socket is in the reactor's epoll: the watchdog stands in the line. Called, it takes itself out and looks:
 * one step here, a look due at once. */
#ifdef MUTANT_NO_REARM
bool armed = true;
#else
bool armed;
#endif

/* ---- The slots: slot.h. ---- */

bool idle[WORKERS];
bool suspended[WORKERS]; /* called != answered */
bool shares[WORKERS];

/* ---- The watchdog. ---- */

#define NEVER 0
#define SOON 1  /* 1 ms after a ring, 2 ms while all are busy; or a look is due at once */
#define QUIET 2 /* 100 ms */

bool member[WORKERS];
byte deadline;
#if defined(LIVENESS) && !defined(NO_DOUBT)
#define DOUBT
/* waiting_since_: 0; or not; or it was kDoubtNs ago. For safety that is a free choice. */
#define LONG 2
byte waiting;
#endif

/* ---- Fate. ---- */

#define UNBORN 0
#define WELL 1
#define STUCK 2 /* blocked for ever: an endless loop, SIGSTOP */
#define DEAD 3

byte fate[WORKERS];
#ifdef EXHAUSTED
bool exhausted[WORKERS]; /* exhausted_ */
bool looked[WORKERS];    /* and the watchdog has looked since */
bool spared;             /* R's one failure is over */
bool looking;            /* a look that found something is under way */
#endif
#ifdef STRICT
bool owes[WORKERS]; /* woken by the kernel for a connection, not yet at its accept */
#endif
#ifdef REBIRTH
bool reborn[WORKERS];
#endif
#ifdef IDENTITY
chan names = [QUEUE] of {byte}; /* of the connections in the accept queue */
byte came;
bool taken[IDENTITY];
#endif

hidden byte i;
hidden byte announced; /* Gate::announced, within one step; between steps the place in Worker tells */

#if WORKERS == 2
#define ANY(p) (p(0) || p(1))
#define ForEach(f) f(0); f(1)
#define Choose(p) if :: p(0) -> i = 0 :: p(1) -> i = 1 fi
#else
#define ANY(p) (p(0) || p(1) || p(2))
#define ForEach(f) f(0); f(1); f(2)
#define Choose(p) if :: p(0) -> i = 0 :: p(1) -> i = 1 :: p(2) -> i = 2 fi
#endif

#define IsMember(w) member[w]
/* Owes a sign of life. */
#define IsLate(w) (suspended[w] || !idle[w])
/* gate.h's IsSharing(): for certain; and possibly, as its silence may not have lasted yet. */
#define SharesNow(w) (shares[w] && !IsLate(w))
#ifdef MUTANT_NO_SILENCE
#define MayShare(w) shares[w]
#else
#define MayShare(w) (shares[w] && (!IsLate(w) || fate[w] == WELL))
#endif
#define IsSharing(w) (member[w] && MayShare(w))
#define IsIdle(w) (member[w] && idle[w] && !suspended[w])
#define Rings(w) (member[w] && SharesNow(w))
#ifdef OLD_KERNEL
#define Sleeps(w) (open[w] && rest[w] != AWAKE)
#else
#define Sleeps(w) (open[w] && rest[w] == ASLEEP)
#endif

inline Rouse(w) {
  if
  :: rest[w] == ASLEEP -> rest[w] = WOKEN
  :: else
  fi
}

/* eventfd_write(). Nobody hears the bell of one that is stuck. */
inline Ring(w) {
  if
  :: fate[w] == WELL -> bell[w] = true; Rouse(w)
  :: else
  fi
}
inline RingIfMember(w) {
  if
  :: fate[w] == WELL && member[w] -> bell[w] = true; Rouse(w)
  :: else
  fi
}

/* ep_poll_callback() for the sleeper the kernel stops at. */
inline Wake(w) {
  ready[w] = true;
#ifdef STRICT
  owes[w] = true;
#endif
  Rouse(w)
}

/* ... for one that is awake: it finds the gate in its ready list when it wants to sleep. */
inline MayPass(w) {
  if
  :: open[w] && rest[w] != ASLEEP -> ready[w] = true
  :: true
  fi
}
inline Pass(w) {
  ready[w] = open[w]
}
inline Forget(w) {
  ready[w] = false
}

/* A handshake is complete. The kernel passes those who are awake and stand before the sleeper it stops at:
 * any of them, as the order is free; all of them, if nobody sleeps. */
inline Arrive() {
  queue++;
#ifdef IDENTITY
  names!came;
  came++;
#endif
  if
  :: ANY(Sleeps) || armed ->
    if
    :: Sleeps(0) -> Wake(0)
    :: Sleeps(1) -> Wake(1)
#if WORKERS > 2
    :: Sleeps(2) -> Wake(2)
#endif
    :: armed -> armed = false; deadline = SOON /* OnReadable(): Disarm() and a look. */
    fi;
    ForEach(MayPass)
  :: else -> ForEach(Pass)
  fi
}

inline CloseGate(w) {
  open[w] = false;
  ready[w] = false /* EPOLL_CTL_DEL */
}

/* An opened gate is told at once of what waits already: EPOLL_CTL_ADD polls. */
inline OpenGate(w) {
  if
  :: !open[w] -> open[w] = true; ready[w] = (queue > 0)
  :: else
  fi
}

/* ---- A worker. ---- */

inline IsThrough(w) {
#ifdef STRICT
  owes[w] = false
#else
  skip
#endif
}

/* The application's code runs: its connections end, or come another way. */
inline Work(w) {
#ifdef FULL
  if
  :: w != R -> shares[w] = false
#ifdef EXHAUSTED
  :: w != R && !exhausted[w] -> shares[w] = true
#else
  :: w != R -> shares[w] = true
#endif
  :: true
  fi
#else
  skip
#endif
}

/* uv_prepare, LoopStamp's OnSleep(); then epoll_wait(), which looks again at what is in the ready list. */
inline Sleep(w) {
#ifndef MUTANT_NEVER_ANSWERS
  suspended[w] = false;
#endif
  idle[w] = true;
  if
  :: (ready[w] && queue > 0) || bell[w] -> rest[w] = WOKEN
  :: else -> ready[w] = false; rest[w] = ASLEEP
  fi
}

/* uv_prepare, Gatekeeper::OnSleep(). COARSE: in one step with what follows. */
inline Decide(w) {
  if
  :: shares[w] -> OpenGate(w)
  :: CloseGate(w)
  fi
#ifdef COARSE
  ;
  Sleep(w)
#endif
}

#ifdef EXHAUSTED
/* Recover() comes after 50 ms. If the watchdog was to look within 1 or 2, it has. */
#define MayRecover(w) (exhausted[w] && (looked[w] || (!looking && deadline != SOON)))
inline Recover(w) {
#ifndef MUTANT_NO_RECOVERY
  if
  :: MayRecover(w) -> exhausted[w] = false; looked[w] = false; shares[w] = true
  :: !MayRecover(w) || w != R
  fi
#else
  skip
#endif
}
inline RunOut(w) {
  if
  :: w == R -> spared = true
  :: else
  fi;
  exhausted[w] = true;
  looked[w] = false;
  shares[w] = false
}
#define IsExhausted(w) exhausted[w]
#define HasTimer(w) MayRecover(w)
#else
#define IsExhausted(w) false
#define HasTimer(w) false
#endif

/* OnBell() of a server that is full: SomebodyShares(). */
#ifdef MUTANT_OBEYS
#define MayObey(w) true
#define MayRefuse(w) false
#elif defined(MUTANT_FULL_IS_FULL)
#define MayObey(w) shares[w]
#define MayRefuse(w) (!shares[w])
#else
#define MayObey(w) (shares[w] || !ANY(SharesNow))
#define MayRefuse(w) (!shares[w] && ANY(MayShare))
#endif

#define w _pid

active [WORKERS] proctype Worker() {
born:
  /* Listener::lend(): Watchdog::Add(), which looks at once. Gatekeeper::Listen() comes a little later, and meets
   * whatever was rung before. libuv registers the socket, without EPOLLEXCLUSIVE, and OnSleep() rings the own
   * bell: the loop does not sleep on that, the next turn registers it as it should be. */
  atomic {
    member[w] = true;
#ifndef MUTANT_NO_LOOK_ON_ADD
    deadline = SOON;
#endif
#ifndef ALL_FULL
#ifdef R_FULL
    shares[w] = (w != R);
#else
    shares[w] = true;
#endif
#endif
    fate[w] = WELL;
    if
    :: shares[w] -> OpenGate(w)
    :: else
    fi;
    bell[w] = true;
#ifdef COARSE
    Sleep(w)
#endif
  };
  {
turn:
    do
    ::
#ifndef COARSE
      atomic { Sleep(w) };
#endif
      /* Awake again: by the gate, the bell, or another event. What was reported stays in the ready list
       * (level-triggered). The I/O callbacks mark the worker busy or do not (a timer, a file): that is the
       * stale `idle` mark. */
      atomic {
        rest[w] != ASLEEP || HasTimer(w) -> rest[w] = AWAKE;
        announced = false;
        if
        :: ready[w] && queue > 0 -> announced = true
        :: else -> ready[w] = false
        fi;
        if
        :: bell[w] -> /* OnBell() */
          bell[w] = false;
#ifndef MUTANT_DEAF
          if
          :: IsExhausted(w)
          :: !IsExhausted(w) && MayObey(w) -> announced = true
          :: !IsExhausted(w) && MayRefuse(w)
          fi
#endif
        :: else
        fi;
        /* A full server takes what would be dropped only while nobody else is known to have room. */
        assert(!announced || IsExhausted(w) || shares[w] || !ANY(SharesNow));
        if
        :: idle[w] = false
        :: true
        fi;
        Work(w);
#ifdef EXHAUSTED
        Recover(w);
#endif
        if
        :: !announced -> IsThrough(w); Decide(w); goto turn
        :: else
        fi
      };
      /* uv_check, OnAwake(): after the other callbacks. One connection at a time: what else waits is
       * announced again. */
      if
      :: atomic {
          queue > 0 ->
          queue--;
          /* A gate that is still in a ready list when a next connection comes may be put there by that. */
          if
          :: queue == 0 -> ForEach(Forget)
          :: else
          fi;
#ifdef IDENTITY
          names?i;
          assert(!taken[i]);
          taken[i] = true;
#endif
          idle[w] = false;
          IsThrough(w);
          Work(w)
        };
took:
        atomic { Decide(w) }
#ifdef EXHAUSTED
      :: atomic { queue > 0 && (w != R || !spared) -> RunOut(w); Decide(w) } /* it stays in the queue */
#endif
      :: atomic { queue == 0 -> IsThrough(w); Decide(w) } /* another worker was faster */
      fi
    od
  } unless {
    fate[w] > WELL
  };
  /* Balancer's #bury(): Watchdog::Remove(), where disconnect() was not before. */
  atomic {
    fate[w] == DEAD ->
    if
    :: member[w] ->
      member[w] = false;
#ifndef MUTANT_NO_LOOK_ON_REMOVE
      deadline = SOON
#endif
    :: else
    fi;
    idle[w] = false;
    suspended[w] = false;
    shares[w] = false;
#ifdef REBIRTH
    if
    :: !reborn[w] -> reborn[w] = true; goto born
    :: else
    fi
#endif
  }
}

#undef w

/* ---- The watchdog: a native thread of the primary. ---- */

inline Unsuspend(w) {
  suspended[w] = false
}
#ifdef EXHAUSTED
inline Look(w) {
  looked[w] = exhausted[w]
}
#endif

inline RingOne() {
  Ring(i);
  suspended[i] = true;
#ifdef MUTANT_NO_SUSPENSION
  ForEach(Unsuspend);
#endif
#ifndef MUTANT_NO_LOOK_AFTER_RING
  deadline = SOON
#endif
}

/* RingBest(true); and where nobody shares, RingBest(false). */
inline RingBest() {
#ifdef EXHAUSTED
  looking = false;
  ForEach(Look);
#endif
  if
  :: ANY(Rings) -> Choose(Rings); RingOne()
  :: !ANY(Rings) && ANY(IsIdle) -> Choose(IsIdle); RingOne()
#ifndef MUTANT_NO_LOOK_WHEN_BUSY
  :: !ANY(Rings) && (ANY(IsSharing) || !ANY(IsIdle)) -> deadline = SOON
#else
  :: !ANY(Rings) && (ANY(IsSharing) || !ANY(IsIdle))
#endif
  fi;
#ifdef DOUBT
  if
  :: waiting == LONG -> ForEach(RingIfMember)
  :: else
  fi;
  waiting = 1
#elif !defined(NO_DOUBT)
  if
  :: ForEach(RingIfMember)
  :: true
  fi
#endif
}

#ifdef DOUBT
active proctype Clock() {
  do
  :: atomic { waiting == 1 -> waiting = LONG }
  od
}
#endif

active proctype Watchdog() {
rests:
  do
  :: atomic { /* LookNow(). QueueLength() is what was: more may come before the look is over. */
      deadline != NEVER -> deadline = NEVER;
      if
      :: !ANY(IsMember) -> armed = false; goto rests
      :: ANY(IsMember) && queue == 0
#ifdef DOUBT
        -> waiting = 0
#endif
      :: ANY(IsMember) && queue > 0 ->
        armed = false;
#ifdef EXHAUSTED
        looking = true;
#endif
        goto looks
      fi
    };
    atomic {
      if
      :: deadline == SOON /* woken since */
#ifndef MUTANT_NO_REARM
      :: deadline != SOON && !armed && queue > 0 -> deadline = SOON /* Arm(): told at once, as a gate is */
#endif
      :: else ->
#ifndef MUTANT_NO_REARM
        armed = true;
#endif
#ifndef MUTANT_NO_QUIET_LOOK
        deadline = QUIET
#endif
      fi;
      goto rests
    };
looks:
#ifdef STRICT
    if
    :: atomic { IsIdle(R) -> RingBest() };
saw:
      goto rests
    :: atomic { !IsIdle(R) -> RingBest() }
    fi
#else
    atomic { RingBest() }
#endif
  od
}

/* ---- The world: clients, other events, misfortune. Nothing of it must happen, ever. ---- */

#ifdef STRICT
#define MayStick(w) (fate[w] == WELL && !owes[w])
#else
#define MayStick(w) (fate[w] == WELL)
#endif

/* What the kernel takes out at the process's end. A stuck worker is awake for ever: the kernel passes it, and
 * nobody reads its ready list or its bell. */
inline Misfortune(w) {
  if
  :: MayStick(w) -> fate[w] = STUCK
  :: fate[w] != DEAD -> fate[w] = DEAD
  fi;
  CloseGate(w);
  rest[w] = AWAKE;
  bell[w] = false;
#ifdef EXHAUSTED
  exhausted[w] = false;
  looked[w] = false;
#endif
  IsThrough(w)
}

#define Event(w) atomic { rest[w] == ASLEEP -> rest[w] = WOKEN }
#define OtherRing(w) atomic { IsIdle(w) -> Ring(w); suspended[w] = true }
#define Leave(w) atomic { fate[w] == WELL && member[w] -> member[w] = false; deadline = SOON }
#define Mishap(w) atomic { fate[w] == WELL || fate[w] == STUCK -> Misfortune(w) }

active proctype World() {
  do
#ifdef IDENTITY
  :: atomic { came < IDENTITY && queue < QUEUE -> Arrive() }
#else
  :: atomic { queue < QUEUE -> Arrive() }
#endif
#ifndef CALM
  :: Event(0)
#endif
  :: Event(1)
  :: Mishap(1)
#if WORKERS > 2
  :: Event(2)
  /* Of two that are alike, call the first to be struck 1. */
  :: atomic { fate[1] > WELL && (fate[2] == WELL || fate[2] == STUCK) -> Misfortune(2) }
#endif
#ifdef BELLS
  :: OtherRing(0)
  :: OtherRing(1)
#if WORKERS > 2
  :: OtherRing(2)
#endif
#endif
#ifdef SCRIBBLE
  :: idle[0] = !idle[0]
  :: idle[1] = !idle[1]
  :: suspended[0] = !suspended[0]
  :: suspended[1] = !suspended[1]
#endif
#ifdef LEAVING
  :: Leave(1)
#endif
  :: queue <= QUEUE /* nothing */
  od
}

/* ---- What is proven. ---- */

#ifdef SAFETY
/* In no state does a connection wait with nobody due to act: a loop that is awake, a look. */
#define IsUp(w) ((fate[w] == WELL && rest[w] != ASLEEP) || (fate[w] == DEAD && member[w]))
#ifdef STRICT
#define DUE (deadline == SOON || ANY(IsUp))
#else
#define DUE (deadline != NEVER)
#endif
active proctype Monitor() {
  atomic { queue > 0 && ANY(IsMember) && Watchdog@rests && !(DUE) -> assert(false) }
}
#endif

#ifdef LIVENESS
/* A connection that waits is taken. FAIR, without doubt alone: looks and R's turns do not keep in step for ever.
 * If there is look after look, and R is idle again and again, then looks see it so again and again. */
#if WORKERS == 2
#define TAKEN (Worker[0]@took || Worker[1]@took)
#else
#define TAKEN (Worker[0]@took || Worker[1]@took || Worker[2]@took)
#endif
#define GOOD (queue == 0 || TAKEN)
#if defined(STRICT) && !defined(CALM)
#define FAIR (([]<> Watchdog@looks && []<> IsIdle(R)) -> []<> Watchdog@saw)
ltl served { FAIR -> []<> GOOD }
#else
ltl served { []<> GOOD }
#endif
#endif
