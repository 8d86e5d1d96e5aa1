#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of tests/vm have in common; each is called as "NAME KILN PROBE" and reads this first.
#
# Kernels come from $KILN_TEST_KERNELS as tools/test-kernels leaves them. The cache is shared between the tests
# ($KILN_TEST_CACHE), so that a package is unpacked once; the runtime folder is the test's own, so that it can be asked
# what was left there.
# shellcheck disable=SC2034 # read by the tests
set -u
exec </dev/null
kiln=$(realpath "$1")
probe=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
kernels=${KILN_TEST_KERNELS:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kiln-test-kernels}
small=$kernels/small
cloud=$kernels/cloud.deb
generic=$kernels/generic.deb

work=$(mktemp -d "${TMPDIR:-/var/tmp}/kiln-vm.XXXXXX") || exit 1
mkdir "$work/run"
XDG_CACHE_HOME=${KILN_TEST_CACHE:-$work/cache}
mkdir -p "$XDG_CACHE_HOME"
XDG_RUNTIME_DIR=$work/run
# Found again in the environment of everything that a run starts.
KILN_TEST_RUN=$work
export XDG_CACHE_HOME XDG_RUNTIME_DIR KILN_TEST_RUN
unset LISTEN_FDS LISTEN_PID

count=0
bad=0

# What an aborted test has running is ended, by the mark in its environment, and what that starts meanwhile.
cleanup() {
	rounds=0
	while [ "$rounds" -lt 50 ] && left=$(marked) && [ -n "$left" ]; do
		# shellcheck disable=SC2086 # numbers
		kill -KILL $left 2>/dev/null
		rounds=$((rounds + 1))
		sleep 0.1
	done
	cd /
	rm -rf "$work"
}

# What a test that is ended from outside was about.
trouble() {
	for p in $(processes); do
		echo "# left: $(tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | cut -c1-200)"
	done
	sed 's/^/# stdout: /' "$work/out"
	sed 's/^/# stderr: /' "$work/err"
}

trap cleanup EXIT
trap 'exit 130' INT
trap 'trouble >&2; exit 143' TERM

skip() {
	echo "skipped: $1"
	exit 77
}

# need small|cloud|generic|arm64...: the kernels without which this test has nothing to say.
need() {
	for k; do
		file=$kernels/$k
		[ "$k" = small ] || file=$kernels/$k.deb
		[ -e "$file" ] || skip "no kernel '$k' in $kernels (tools/test-kernels)"
		# Unpacked, and the host proved, before a test looks at times and messages.
		"$kiln" run --dry-run "$file" -- true >/dev/null 2>&1
	done
	# For the tests that go on as another user.
	rm -rf "$XDG_RUNTIME_DIR/kiln"
}

# need_cells: cells that kiln built (tools/test-cells), in a store of this test's own, which KILN_STORE names. The one is
# guest/x86_64/release there, the other goes by its identity, $second; $first_12 is how the release of the one ends.
need_cells() {
	for k in first second; do
		[ -s "$kernels/cells/$k" ] || skip "no cells in $kernels/cells (tools/test-cells KILN)"
	done
	second=$(cat "$kernels/cells/second")
	first_12=$(cut -c1-12 "$kernels/cells/first")
	cp -a --reflink=auto "$kernels/cells/store" "$work/store" || skip "no room for a copy of $kernels/cells/store"
	KILN_STORE=$work/store
	export KILN_STORE
}

has() {
	command -v "$1" >/dev/null
}

now() {
	date +%s%3N
}

# Asks "test ARGUMENT..." or any other command; the text is what is held.
ok() {
	held=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $held"
	else
		echo "not ok $count - $held"
		bad=$((bad + 1))
		return 1
	fi
}

is() {
	ok "$1" test "$3" = "$2" || { echo "# expected '$2', got '$3'"; return 1; }
}

at_most() {
	ok "$1 ($3, at most $2)" test "$3" -le "$2"
}

matches() {
	# shellcheck disable=SC2254 # a pattern
	case $2 in
	$1) return 0 ;;
	esac
	return 1
}

# like WHAT PATTERN TEXT: as in case.
like() {
	ok "$1" matches "$2" "$3" || { echo "# expected '$2', got '$3'"; return 1; }
}

differs() {
	! matches "$@"
}

unlike() {
	ok "$1" differs "$2" "$3" || { echo "# unwanted '$2' in '$3'"; return 1; }
}

# run ARGUMENT...: kiln run; leaves $status, $out, $err (texts), $ms. One that hangs is ended by kiln, which says more
# than the end of the whole test would.
run() {
	started=$(now)
	"$kiln" run --timeout 200s "$@" >"$work/out" 2>"$work/err"
	status=$?
	ms=$(($(now) - started))
	out=$(tr -d '\0' <"$work/out")
	err=$(tr -d '\0' <"$work/err")
}

# Waits for "COMMAND..." to become true; 0.1 s steps, $1 of them.
wait_for() {
	steps=$1
	shift
	while [ "$steps" -gt 0 ]; do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
		steps=$((steps - 1))
	done
	return 1
}

# Processes that carry this test's mark, which this shell itself does not.
marked() {
	for p in /proc/[0-9]*; do
		[ "${p#/proc/}" != $$ ] || continue
		! grep -qzF "KILN_TEST_RUN=$work" "$p/environ" || echo "${p#/proc/}"
	done 2>/dev/null
}

# Those of them that are kiln's, its guard's, QEMU or virtiofsd.
processes() {
	for p in $(marked); do
		read -r name <"/proc/$p/comm" || continue
		case $name in
		kiln* | qemu-system* | virtiofsd*) echo "$p" ;;
		esac
	done 2>/dev/null
}

# What should not be there when no run is under way.
left_over() {
	for p in $(processes); do
		tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | cut -c1-60
	done
	find "$XDG_RUNTIME_DIR" -mindepth 1 ! -path "$XDG_RUNTIME_DIR/kiln" -print
}

nothing_left() {
	[ -z "$(left_over)" ]
}

finish() {
	is "nothing is left behind" "" "$(left_over)"
	echo "1..$count"
	[ "$bad" -eq 0 ] || echo "# $bad of $count failed"
	[ "$count" -gt 0 ] && [ "$bad" -eq 0 ]
	exit
}
