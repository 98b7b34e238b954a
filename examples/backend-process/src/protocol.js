/**
 * What client and supervisor say to each other: one line of JSON each way, on a Unix socket.
 *
 * @typedef {object} Entry one agent, as the supervisor shows it
 * @property {string} key tells it from an earlier agent of the same id
 * @property {string} id
 * @property {string} namespace
 * @property {string} title
 * @property {boolean} begun whether it was given its task
 * @property {import('@orch/core').ProcessOwner} owner the program's process
 * @property {import('@orch/core').Exit | null} exit
 * @property {string} lastActivityAt
 *
 * @typedef {object} Line one line of output; `number` counts from 1 and never changes
 * @property {number} number
 * @property {string} text
 *
 * @typedef {{ code: string, text: string }} Failure
 * @typedef {{ epoch: string, pid: number, agents: Entry[] }} Listing
 * @typedef {{ type: 'ready' } | { type: 'changed', key: string } | { type: 'line', key: string, line: Line }} Told
 *
 * @typedef {object} NewAgent
 * @property {string} id
 * @property {string} namespace
 * @property {string} title
 * @property {string} directory
 * @property {string[]} argv
 * @property {Record<string, string | undefined>} env
 * @property {boolean} begun
 */

/**
 * Calls `take` with each line of a stream, and with what stands behind the last one at its end.
 *
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} take
 */
export function onLines(stream, take) {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
  stream.on('end', () => {
    if (rest !== '') take(rest)
  })
}
