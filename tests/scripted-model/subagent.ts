/** A call of a subagent with a prompt for the scripted model, whose markers reach the subagent as they are. */
export function subagent(prompt: string): string {
  return callOf('task', { subagent_type: 'general', prompt })
}

/** The same with Claude Code's tool. */
export function claudeSubagent(prompt: string): string {
  return callOf('Agent', { subagent_type: 'general-purpose', prompt })
}

function callOf(tool: string, rest: object): string {
  const input = JSON.stringify({ description: 'sub task', ...rest })
  return `[[tool: ${tool} | ${input.replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')}]]`
}

/** A call of the read tool. */
export function reading(path: string): string {
  return `[[tool: read | ${JSON.stringify({ filePath: path })}]]`
}
