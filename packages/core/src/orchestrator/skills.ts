import type { SkillsDocument } from '../documents.ts'
import type { SkillText } from '../skills/skill.ts'
import { skillFolders } from '../skills/skill-folders.ts'
import type { SpawnOptions } from './options.ts'
import type { Orch } from './orch.ts'

const NONE = { model: null, mode: null, program: null }

/** All skills that are found, those that do not count for their name among them, and where they are looked for. */
export async function skills(orch: Orch): Promise<SkillsDocument> {
  const folders = skillFolders(orch)
  const { findSkills } = await import('../skills/find-skills.ts')
  const found = findSkills(folders)
  return { apiVersion: 1, warnings: found.warnings, folders, skills: found.skills.map(({ skill }) => skill) }
}

/**
 * The skill that an agent is to work by; `null` when none is named.
 * @throws OrchError `SKILL_NOT_FOUND`, `SKILL_INVALID`
 */
export async function chooseSkill(orch: Orch, { skill: name }: SpawnOptions): Promise<SkillText | null> {
  if (name === undefined) return null
  const { findSkill } = await import('../skills/find-skills.ts')
  return findSkill(skillFolders(orch), name)
}

/**
 * What is asked for together with what its skill says; the caller counts more, and deliverables add up. Model, agent definition
 * and program of a skill are those of its backend: on another one that the caller chose they mean nothing.
 */
export function withSkill(orch: Orch, options: SpawnOptions, chosen: SkillText | null): SpawnOptions {
  if (chosen === null) return options
  const { skill } = chosen
  const { model, mode, program } =
    [null, skill.backend].includes(orch.backendName) || skill.backend === null ? skill : NONE
  const namesProgram = options.program !== undefined || options.programCommand !== undefined
  const isPermitted = options.permission !== undefined || (options.permissionRules?.length ?? 0) > 0
  return {
    ...options,
    skill: skill.name,
    model: options.model ?? model ?? undefined,
    mode: options.mode ?? mode ?? undefined,
    program: namesProgram ? options.program : (program ?? undefined),
    ...(!isPermitted && { permission: skill.permission ?? undefined, permissionRules: skill.permissionRules }),
    deliverables: [...skill.deliverables, ...(options.deliverables ?? [])],
    verify: options.verify ?? skill.verify ?? undefined,
  }
}
