import type { SpawnEachDocument, SpawnedTask } from '@orch/core'
import { ERROR_EXIT_CODES, EXIT, WAIT_EXIT_CODES } from '../exit-codes.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { stateOf } from './agent.ts'
import { writeTurnEnd } from './turn-end.ts'

/** Without a terminal exactly the ids, one on each line, in the order of the tasks; with `--wait` the answers, each behind its id. */
export function writeSpawnedEach(page: Page, { results }: SpawnEachDocument): void {
  for (const result of results) {
    const { agent, error, outcome, place } = result
    if (outcome !== null) {
      page.line(styled('bold', agent.id))
      writeTurnEnd(page, agent.id, result)
    } else if (page.interactive)
      page.line(styled('bold', agent.id), '  ', stateOf(agent), '  ', oneLine(agent.reason.text))
    else page.line(agent.id)
    if (error !== null) page.note(`orch: ${agent.id} (${place}): ${oneLine(error.message)}`)
  }
  if (page.interactive && results.some(({ outcome }) => outcome === null)) page.note('  → orch status')
}

/** As `wait` has it where it waited; else of what could not be started: 45 when others could. */
export function spawnEachExitCode({ results }: SpawnEachDocument): number {
  const codes = results.map(codeOf)
  const failed = codes.filter((code) => code !== EXIT.ok)
  if (failed.length === 0) return EXIT.ok
  const isAwaited = results.some(({ outcome }) => outcome !== null)
  return isAwaited || failed.length === codes.length ? Math.min(...failed) : EXIT.partlyFailed
}

function codeOf({ outcome, error }: SpawnedTask): number {
  if (outcome !== null) return WAIT_EXIT_CODES[outcome]
  return error === null ? EXIT.ok : ERROR_EXIT_CODES[error.code]
}
