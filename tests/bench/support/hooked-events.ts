/** Turns that the hooks of one Claude Code told of, and calls of tools in each: some fifty events. */
const TURNS = 3
const CALLS = 7

/** What stands for the session's id in {@link hookedEvents}. */
const SESSION = 'SESSION'

/** The lines of such a morning, of the size that real ones have: about a kilobyte each, two at most for a call. */
export function hookedEvents(): string {
  let at = Date.now() - 3_600_000
  const line = (name: string, fields: object): string => {
    at += 1000
    const common = {
      session_id: SESSION,
      transcript_path: `/home/agent/.claude/projects/-home-agent-project/${SESSION}.jsonl`,
      cwd: '/home/agent/project',
      prompt_id: '6f0d3a52-98c4-4c1c-b0e7-2a3cf6b2d7f1',
      permission_mode: 'default',
      hook_event_name: name,
    }
    return `${at}-4242 ${JSON.stringify({ ...common, ...fields })}`
  }
  const calls = Array.from({ length: CALLS }, (_, nth) => {
    const call = {
      tool_name: 'Bash',
      tool_input: { command: `npm test -- ${nth} ${'--verbose '.repeat(30)}`, description: 'Runs the tests' },
    }
    const result = { stdout: 'ok 1 - it does what it says\n'.repeat(50), stderr: '', interrupted: false }
    return () => [
      line('PreToolUse', { ...call, tool_use_id: `toolu_${nth}` }),
      line('PostToolUse', { ...call, tool_use_id: `toolu_${nth}`, tool_response: result }).slice(0, 2000),
    ]
  })
  const turn = (): string[] => [
    line('UserPromptSubmit', { prompt: 'Find out why the login fails, and mend it. '.repeat(10) }),
    ...calls.flatMap((told) => told()),
    line('Stop', { stop_hook_active: false, last_assistant_message: 'It is mended, and tested. '.repeat(30) }),
  ]
  const start = line('SessionStart', { source: 'startup', model: 'scripted' })
  return `${[start, ...Array.from({ length: TURNS }, turn).flat()].join('\n')}\n`
}
