import { findProject, isOrchError, type Orch, openOrch, settingKeys, skills } from '@orch/core'
import { KNOWN_BACKENDS } from '../backends.ts'
import { oneLine } from '../page.ts'
import type { Candidate, Lookups } from './complete-words.ts'

/** Enough to know an agent by. */
const MOST_CHARACTERS = 60

/**
 * Looks up what the project of `directory` has: reads its records and its configuration, and asks no backend. Where that is not
 * possible there is nothing to complete; whoever runs the command learns why.
 */
export function createLookups(directory: string | undefined, env: Orch['env']): Lookups {
  const ask = (look: (orch: Orch) => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> =>
    orNothing(async () =>
      look(await openOrch({ ...(directory === undefined ? {} : { directory }), env, knownBackends: KNOWN_BACKENDS })),
    )
  return {
    agents: (all) =>
      ask(async ({ registry, project }) => {
        const own = (await registry.list('open')).records.filter(({ record }) => all || record.project === project)
        return own
          .toSorted((a, b) => (a.record.spawnedAt < b.record.spawnedAt ? 1 : -1))
          .map(({ record }) => candidate(record.id, record.task))
      }),
    backends: () => ask(async ({ backendNames }) => backendNames.map((name) => candidate(name))),
    programs: () => ask(async ({ config }) => Object.values(config.programs).map((one) => candidate(one.name))),
    models: () => ask(async ({ config }) => Object.entries(config.models).map((one) => candidate(...one))),
    keys: () =>
      orNothing(async () => {
        const keys = await settingKeys({ project: findProject(directory).project, env })
        return keys.map(({ key, text }) => candidate(key, text))
      }),
    skills: () =>
      ask(async (orch) => (await skills(orch)).skills.map((one) => candidate(one.name, one.description ?? ''))),
  }
}

async function orNothing(look: () => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  try {
    return await look()
  } catch (error) {
    if (isOrchError(error)) return []
    throw error
  }
}

function candidate(value: string, does = ''): Candidate {
  return { value, does: oneLine(does, MOST_CHARACTERS) }
}
