/** So many parts of a log are kept: the newest ones. */
export const LOG_PARTS = 8

/**
 * The script that writes what a window prints. Its arguments: the run, how large a part of the log may be in bytes, and how
 * many parts are kept.
 *
 * The first part is `RUN.log`, each other one `RUN.log.OFFSET`, by where in the whole it begins: a place in the log has one
 * name for ever. No part is ever renamed or written to again once there is a next one, and the oldest one is removed only
 * when there is. `dd` takes 64 KiB at most at once and passes on at once what it takes: as many takes as there is certainly
 * room for are made by one, so that nothing is lost between two parts.
 *
 * While the disk is full output is lost, and the first line that can be written again says so. What came last is held, as
 * octal numbers, until it is known whether there is room.
 */
export const LOG_SCRIPT: string = `#!/bin/sh
run=$1 most=$2 kept=$3
umask 077
exec 2>/dev/null
export LC_ALL=C
first=$ORCH_TMUX_LOGS/$run.log
file=$first start=0
least=$((most / 16))
if [ "$least" -lt 65536 ]; then least=65536; fi
set -- "$file"
while :; do
  size=$(wc -c <"$file") || size=0
  room=$((most - size))
  if [ "$room" -lt "$least" ]; then
    next=$first.$((start + size))
    if { :; } >>"$next"; then
      start=$((start + size)) file=$next room=$most
      set -- "$@" "$file"
      if [ $# -gt "$kept" ]; then
        rm -f -- "$1"
        shift
      fi
    else
      room=$least
    fi
  fi
  said=$(dd bs=65536 count=$((room / 65536)) 2>&1 >>"$file")
  code=$?
  case $code$said in
    00+0*) exit ;;
    0*) continue ;;
  esac
  if [ "$code" -ge 128 ]; then exit; fi
  held=
  until printf '\\n[Output is missing here: the log could not be written]\\n' >>"$file"; do
    held=$(dd bs=65536 count=1 | od -An -v -to1 | tr -s ' \\n' '\\\\')
    if [ -z "$held" ]; then exit; fi
  done
  printf "\${held%?}" >>"$file"
done
`
