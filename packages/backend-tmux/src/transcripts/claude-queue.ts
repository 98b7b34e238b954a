/**
 * How many messages wait for a turn by the last lines of a transcript of Claude Code: it writes down when one begins to wait, when
 * it is taken for the next turn, and, as that begins, what the user said. Measured on 2.1.332.
 */
export function waitingInClaude(lines: readonly string[]): number {
  let waiting = 0
  let isTaken = false
  for (const line of lines) {
    const said = saidIn(line)
    if (said === 'user') isTaken = false
    else if (said === 'dequeue') isTaken = true
    if (said === 'enqueue') waiting += 1
    else if (said === 'popAll') waiting = 0
    else if (said !== null && said !== 'user') waiting = Math.max(0, waiting - 1)
  }
  return waiting + Number(isTaken)
}

/** What becomes of a message: an operation on the queue, or `user`: it is given; `null` for any other line. */
function saidIn(line: string): string | null {
  if (!line.includes('"queue-operation"') && !line.includes('"user"')) return null
  try {
    const { type, operation } = JSON.parse(line) as Readonly<Record<string, unknown>>
    if (type === 'user') return 'user'
    return type === 'queue-operation' && typeof operation === 'string' ? operation : null
  } catch {
    return null
  }
}
