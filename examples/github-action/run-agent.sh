#!/usr/bin/env bash
# Gives the task in a file to an agent, waits for it, and fails when the agent does.
# usage: run-agent.sh TASK-FILE [flag of "orch spawn"…]
set -euo pipefail
summary=${GITHUB_STEP_SUMMARY:-/dev/null}

# The key makes a repeated step find its agent instead of starting a second one. A runner is thrown away: nothing is asked.
id=$(npx @orch/cli spawn --file "$1" --key "run-${GITHUB_RUN_ID:-local}-$1" --permission allow "${@:2}")
echo "Agent: $id"
code=0
npx @orch/cli wait "$id" --timeout "${AGENT_TIMEOUT:-30m}" || code=$?
((code == 0)) && { npx @orch/cli complete "$id" || code=$?; }

{
  echo "### Agent $id"
  echo '```'
  npx @orch/cli check "$id"
  echo '```'
} >>"$summary"
((code == 0)) || npx @orch/cli abandon "$id" >&2 || true
exit "$code"
