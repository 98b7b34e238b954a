/**
 * The script that a program runs at each of its events. Its arguments: the directory of events, how the event is kept
 * (see `HookKind`), and the path at which answers to it are waited for.
 *
 * It appends one line to the file named after the run: `MILLISECONDS-PID JSON`. Programs run hooks side by side, so the
 * line is made whole in a file of its own and added by one write, which the system keeps together; `dd` makes it one.
 * A variable of the run tells whose event it is. A child inherits it, and may have been given the same hooks: the process
 * that tells first is the program, any other keeps silent while that one lives. After its end another takes its place only
 * where the run's first process is there: to a child that a sandbox shows other process ids nobody seems to live.
 *
 * An answer comes through a pipe with a name: without a reader, nobody can write to it, and with one, what is written
 * reaches exactly the request that waits there. Whatever happens next ends the waiting for requests that are over.
 */
export const HOOK_SCRIPT: string = `#!/bin/sh
events=$1 how=$2
umask 077
run=$ORCH_TMUX_RUN
case $run in
  '' | *[!A-Za-z0-9-]*)
    exec cat >/dev/null
    ;;
esac
program=$events/$run.program
own=
if [ -e "$program" ]; then read -r own <"$program"; fi
if [ "\${own:-$PPID}" != "$PPID" ]; then
  if kill -0 "$own" || ! kill -0 "$ORCH_TMUX_PROGRAM"; then exec cat >/dev/null; fi
fi 2>/dev/null
if [ "$own" != "$PPID" ]; then echo "$PPID" >"$program"; fi
now=$(date +%s%3N)
case $now in
  *[!0-9]*) now=$(date +%s)000 ;;
esac
id=$now-$$
draft=$events/$run.$id.new
{
  printf '%s ' "$id"
  if [ "$how" = beginning ]; then
    head -c 2000
    cat >/dev/null
  else
    cat
  fi | tr -d '\\n'
  echo
} >"$draft"
pipe=$events/$run.$id.ask
if [ "$how" = ask ]; then mkfifo "$pipe"; fi
dd bs=67108864 <"$draft" >>"$events/$run" 2>/dev/null
rm -f "$draft"
if [ "$how" = ask ]; then
  answer=$(cat "$pipe")
  rm -f "$pipe"
  printf '%s' "$answer"
elif [ "$how" = whole ]; then
  for pipe in "$events/$run".*.ask; do
    if [ -p "$pipe" ]; then
      : <>"$pipe"
      rm -f "$pipe"
    fi
  done
fi
exit 0
`
