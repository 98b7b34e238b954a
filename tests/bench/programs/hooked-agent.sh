#!/bin/sh
# Stands for Claude Code, as orch launches it: `--settings FILE --session-id UUID TASK`. It has told of the turns of $HOME/../events,
# every other agent of the last one not to its end; it notes its status; each line that it is given then is a turn, which it
# tells of by its hooks. With a task that says "transcript" it writes one instead, when it is told to.
settings=$2 session=$4 task=$5
umask 077
tell=$(sed 's/.*"UserPromptSubmit":\[{"hooks":\[{"type":"command","command":"\([^"]*\)".*/\1/' "$settings")
eval "set -- $tell"
case $ORCH_AGENT_ID in
  wait-*[02468]-*) status=busy told=s/SESSION/$session/\;\$d ;;
  *) status=idle told=s/SESSION/$session/ ;;
esac
sed "$told" "$HOME/../events" >>"$4/$ORCH_TMUX_RUN"
home=$HOME/.claude
mkdir -p "$home/sessions" "$home/projects"
set -- $(cat "/proc/$$/stat")
note='{"pid":%s,"sessionId":"%s","procStart":"%s","status":"%s","statusUpdatedAt":%s}'
printf "$note" $$ "$session" "${22}" "$status" "$(date +%s%3N)" >"$home/sessions/$$.json"
transcript=$home/projects/$session.jsonl
case $task in
  *transcript*)
    printf '{"session_id":"%s","transcript_path":"%s","hook_event_name":"SessionStart"}' "$session" "$transcript" | eval "$tell"
    exec node "$(dirname "$0")/write-stamps.mjs" "$transcript"
    ;;
esac
beginning="{\"session_id\":\"$session\",\"transcript_path\":\"$transcript\",\"hook_event_name\""
# An empty line to type in, with the frame below it.
empty='\r\033[K\342\235\257 \n\342\224\200\342\224\200\033[A\r\033[2C'
printf "$empty"
while IFS= read -r line; do
  printf '%s:"UserPromptSubmit","prompt":"%s"}' "$beginning" "$line" | eval "$tell"
  printf "$empty"
  printf '%s:"Stop","last_assistant_message":"Done"}' "$beginning" | eval "$tell"
done
