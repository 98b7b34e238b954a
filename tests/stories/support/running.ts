import { eventually } from '../../harness/eventually.ts'
import { type Place, receivedBy } from './place.ts'
import { interactiveAgent } from './program.ts'

/** Spawns the interactive agent and resolves to its id once it has its task. */
export async function runningAgent(place: Place, task: string, ...args: string[]): Promise<string> {
  const id = await place.spawn(task, ...args, ...interactiveAgent)
  await eventually(async () => (await receivedBy(place, id)).length > 0, { what: `the task of "${id}" in its hands` })
  return id
}
