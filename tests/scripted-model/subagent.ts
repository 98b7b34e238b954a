/** A call of a subagent with a prompt for the scripted model, whose markers reach the subagent as they are. */
export function subagent(prompt: string): string {
  const input = JSON.stringify({ description: 'sub task', subagent_type: 'general', prompt })
  return `[[tool: task | ${input.replaceAll('[[', '\\u005b[').replaceAll(']]', ']\\u005d')}]]`
}

/** A call of the read tool. */
export function reading(path: string): string {
  return `[[tool: read | ${JSON.stringify({ filePath: path })}]]`
}
