import { join } from 'node:path'
import { configDirectory, homeDirectory, userConfigDirectory } from '../config/config.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { SkillFolder } from './skill.ts'

/** The names under which agent programs keep skills, in a project and at home. */
const SHARED = ['.claude', '.agents']

/** Every folder that skills are looked for in: where two have one of the same name, the first counts. */
export function skillFolders({ project, config, env }: Pick<Orch, 'project' | 'config' | 'env'>): SkillFolder[] {
  const home = homeDirectory(env)
  const inProject = ['.orch', '.opencode', ...SHARED].map((name) => join(project, name, 'skills'))
  const ofUser = [
    join(configDirectory(env), 'skills'),
    join(userConfigDirectory(env), 'opencode/skills'),
    ...SHARED.map((name) => join(home, name, 'skills')),
  ]
  const folders: SkillFolder[] = [
    ...inProject.map((path) => ({ path, origin: 'project' as const })),
    ...config.skills.map((path) => ({ path, origin: 'configuration' as const })),
    ...ofUser.map((path) => ({ path, origin: 'user' as const })),
  ]
  return folders.filter(({ path }, at) => folders.findIndex((other) => other.path === path) === at)
}
