#!/usr/bin/env bash
# Proves with spin that no connection waits for ever in a gated shared listener (gate.pml), and that the proof
# could fail: each mutant lacks a line, and spin must find the connection that waits. One line a check.
set -euo pipefail
model="$(cd "$(dirname "$0")" && pwd)/gate.pml"
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "test/model: $tool is not installed" >&2; exit 1; }
done
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
failures=0
shallow=200000

# search MODE DEPTH DEFINES...: leaves pan's report in $folder/report. Partial order reduction is off: the
# properties look at where processes are.
search() {
  local mode=$1 depth=$2 options run optimize=-O1
  shift 2
  case $mode in
    safety) options=(-DSAFETY) run=() ;;
    liveness) options=(-DNFAIR=3) run=(-a -f) ;; # weakly fair
  esac
  [ "$depth" -gt "$shallow" ] || optimize=-O0 # where an error is soon found, compiling takes longer
  cd "$folder"
  rm -f pan* ./*.trail
  if ! spin "-D${mode^^}" "$@" -a "$model" >spin.log 2>&1 ||
    ! gcc "$optimize" -w -DNOREDUCE "${options[@]}" -o pan pan.c; then
    cat spin.log >&2
    exit 1
  fi
  # Exits with 0 whatever it found: the report says it.
  ./pan "${run[@]}" "-m$depth" -w23 >report 2>&1 || true
}

row() { # VERDICT, MODE, DESCRIPTION
  local states seconds
  states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' report)
  seconds=$(sed -n 's/^pan: elapsed time \([0-9.e+]*\) seconds/\1/p' report)
  printf '%-9s %-9s %-62s %10s states %6s s\n' "$1" "$2" "$3" "${states:-?}" "${seconds:-?}"
}

fail() { # WHY
  failures=$((failures + 1))
  echo "  $1" >&2
  grep -E '^pan:|^error|errors:' report >&2 || cat report >&2
}

# The whole state space, and nothing wrong in it.
proves() {
  local mode=$1 description=$2
  shift 2
  search "$mode" 3000000 "$@"
  if grep -q 'errors: 0$' report && ! grep -qE 'depth too small|not completed|out of memory' report; then
    row proven "$mode" "$description"
  else
    row FAILED "$mode" "$description"
    fail 'not proven:'
  fi
}

# A connection that waits for ever, or a failed assertion. VERDICT is what to call it.
finds() {
  local verdict=$1 mode=$2 description=$3 error
  shift 3
  case $mode in
    safety) error='assertion violated' ;;
    liveness) error='acceptance cycle' ;;
  esac
  # Not deeper: where there is an error, spin may go round in one state until the depth is used up.
  search "$mode" "$shallow" "$@"
  if grep -q "$error" report; then
    row "$verdict" "$mode" "$description"
  else
    row MISSED "$mode" "$description"
    fail 'spin was expected to find an error:'
  fi
}

# Where a connection waits, somebody is due to act; and what is asserted on the way.
proves safety '3 workers, nobody sticks at the accept: nothing takes 100 ms' -DWORKERS=3 -DSTRICT -DCOARSE \
  -DQUEUE=1
proves safety '2 workers, dead ones replaced: nobody is taken twice' -DWORKERS=2 -DREBIRTH -DBELLS -DIDENTITY=3
proves safety '2 workers, full now and then: who is full leaves it to others' -DWORKERS=2 -DFULL -DBELLS

# A connection that waits is taken.
proves liveness '3 workers, R undisturbed: without doubt' -DWORKERS=3 -DCALM -DNO_DOUBT -DCOARSE -DQUEUE=1
proves liveness '2 workers, marks scribbled over, in step with every look' -DWORKERS=2 -DSCRIBBLE
proves liveness '2 workers, dead ones replaced' -DWORKERS=2 -DREBIRTH -DBELLS -DCOARSE
proves liveness '2 workers, worker.disconnect(), a kernel before 5.7' -DWORKERS=2 -DLEAVING -DOLD_KERNEL -DCOARSE
proves liveness '2 workers, the other one full now and then' -DWORKERS=2 -DFULL
proves liveness '2 workers, all full' -DWORKERS=2 -DALL_FULL
proves liveness '2 workers, R full, the other one blocked or not' -DWORKERS=2 -DR_FULL
proves liveness '2 workers, EMFILE' -DWORKERS=2 -DEXHAUSTED
proves liveness '2 workers, nobody sticks at the accept: nothing takes 100 ms' -DWORKERS=2 -DSTRICT

mutant() { # DESCRIPTION DEFINES...
  local description=$1
  shift
  finds found liveness "mutant: $description" -DWORKERS=2 -DCOARSE "$@"
}
mutant 'no quiet look' -DMUTANT_NO_QUIET_LOOK
mutant 'no look after a ring' -DMUTANT_NO_LOOK_AFTER_RING
mutant 'no look while all are busy' -DMUTANT_NO_LOOK_WHEN_BUSY
mutant 'no look when a worker joins' -DMUTANT_NO_LOOK_ON_ADD
mutant 'a bell is heard, and nothing announced' -DMUTANT_DEAF
mutant 'no doubt: marked busy while it sleeps' -DCALM -DSCRIBBLE -DNO_DOUBT
finds found liveness 'mutant: no doubt: looks and turns in step' -DWORKERS=2 -DNO_DOUBT
mutant 'all full: nobody obeys the bell' -DALL_FULL -DMUTANT_FULL_IS_FULL
mutant 'R full: a blocked worker is waited for' -DR_FULL -DMUTANT_NO_SILENCE
mutant 'EMFILE: no recovery' -DEXHAUSTED -DCALM -DMUTANT_NO_RECOVERY
finds found safety 'mutant: a full server obeys the bell though another has room' -DWORKERS=2 -DFULL -DBELLS \
  -DMUTANT_OBEYS
# The quiet look or doubt would make up for these, 100 ms later.
mutant 'not armed again after a look' -DSTRICT -DMUTANT_NO_REARM
mutant 'no look when a worker is gone' -DSTRICT -DMUTANT_NO_LOOK_ON_REMOVE
mutant 'who is rung answers never' -DSTRICT -DMUTANT_NEVER_ANSWERS
mutant 'nobody is suspended' -DSTRICT -DMUTANT_NO_SUSPENSION

# What else the quiet look is for: a wake-up is lost with one that is well.
needed() { # DESCRIPTION DEFINES...
  local description=$1
  shift
  finds needed liveness "the quiet look, $description" -DWORKERS=2 -DSTRICT -DCOARSE "$@"
}
needed 'after EMFILE' -DEXHAUSTED -DCALM
needed 'after worker.disconnect()' -DLEAVING
needed 'before Linux 5.7' -DOLD_KERNEL

if [ "$failures" -gt 0 ]; then
  echo "test/model: $failures checks failed" >&2
  exit 1
fi
