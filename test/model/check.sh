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

# search MODE DEPTH DEFINES...: leaves pan's report in $folder/report. Partial order reduction is off: the
# properties look at where processes are.
search() {
  local mode=$1 depth=$2 options run
  shift 2
  case $mode in
    safety) options=(-DSAFETY) run=() ;;
    liveness) options=(-DNFAIR=3) run=(-a -f) ;; # weakly fair
  esac
  cd "$folder"
  rm -f pan* ./*.trail
  if ! spin "-D${mode^^}" "$@" -a "$model" >spin.log 2>&1 ||
    ! gcc -O1 -w -DNOREDUCE "${options[@]}" -o pan pan.c; then
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
  local verdict=$1 mode=$2 description=$3
  shift 3
  # Not deeper: where there is an error, spin may go round in one state until the depth is used up.
  search "$mode" 200000 "$@"
  if grep -qE 'acceptance cycle|assertion violated' report; then
    row "$verdict" "$mode" "$description"
  else
    row MISSED "$mode" "$description"
    fail 'spin was expected to find an error:'
  fi
}

# Where a connection waits, somebody is due to act.
proves safety '3 workers: somebody is due to act' -DWORKERS=3 -DCOARSE
proves safety '3 workers, nobody sticks at the accept: without quiet looks' -DWORKERS=3 -DSTRICT -DCOARSE \
  -DQUEUE=1
proves safety '3 workers: no connection is taken twice' -DWORKERS=3 -DCOARSE -DIDENTITY=2
proves safety '2 workers, dead ones replaced: the same' -DWORKERS=2 -DREBIRTH -DBELLS -DIDENTITY=3

proves liveness '3 workers, R undisturbed' -DWORKERS=3 -DCALM -DCOARSE -DQUEUE=1
proves liveness '2 workers' -DWORKERS=2 -DBELLS
proves liveness '2 workers, dead ones replaced' -DWORKERS=2 -DREBIRTH -DCALM
proves liveness '2 workers, worker.disconnect(), a kernel before 5.7' -DWORKERS=2 -DLEAVING -DOLD_KERNEL
proves liveness '2 workers, the other one full now and then' -DWORKERS=2 -DFULL
proves liveness '2 workers, all full' -DWORKERS=2 -DALL_FULL
proves liveness '2 workers, EMFILE, R undisturbed' -DWORKERS=2 -DEXHAUSTED -DCALM
proves liveness '2 workers, nobody sticks at the accept: without quiet looks' -DWORKERS=2 -DSTRICT

mutant() { # DESCRIPTION DEFINES...
  local description=$1
  shift
  finds found liveness "mutant: $description" -DWORKERS=2 "$@"
}
mutant 'no quiet look' -DMUTANT_NO_QUIET_LOOK
mutant 'no look after a ring' -DMUTANT_NO_LOOK_AFTER_RING
mutant 'no look while all are busy' -DMUTANT_NO_LOOK_WHEN_BUSY
mutant 'no look when a worker joins' -DMUTANT_NO_LOOK_ON_ADD
mutant 'a bell is heard, and nothing announced' -DMUTANT_DEAF
mutant 'who is rung answers never' -DMUTANT_NEVER_ANSWERS
mutant 'nobody is suspended' -DMUTANT_NO_SUSPENSION
mutant 'all full: nobody is rung' -DALL_FULL -DMUTANT_FULL_IS_FULL
mutant 'EMFILE: no recovery' -DEXHAUSTED -DCALM -DMUTANT_NO_RECOVERY
# The quiet look would make up for these, 100 ms later.
mutant 'not armed again after a look' -DSTRICT -DMUTANT_NO_REARM
mutant 'no look when a worker is gone' -DSTRICT -DMUTANT_NO_LOOK_ON_REMOVE

# What else the quiet look is for: a wake-up is lost with one that is well.
finds needed liveness 'the quiet look, after EMFILE' -DWORKERS=2 -DSTRICT -DEXHAUSTED -DCALM
finds needed liveness 'the quiet look, after worker.disconnect()' -DWORKERS=2 -DSTRICT -DLEAVING
finds needed liveness 'the quiet look, before Linux 5.7' -DWORKERS=2 -DSTRICT -DOLD_KERNEL
# What is not promised.
finds limit liveness 'looks and turns in step for ever, the gate never open' -DWORKERS=2 -DIN_STEP
finds limit liveness 'R full, a stuck worker not: they wait until R has room' -DWORKERS=2 -DR_FULL
finds limit safety 'a bell once rung is obeyed by a server full since' -DWORKERS=2 -DFULL -DLATE_BELL

if [ "$failures" -gt 0 ]; then
  echo "test/model: $failures checks failed" >&2
  exit 1
fi
