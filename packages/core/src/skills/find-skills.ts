import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Reason } from '../agent.ts'
import { fileError, isOrchError, OrchError } from '../errors.ts'
import { nearNames } from '../near-names.ts'
import { readTextFileIfThere } from '../text-file.ts'
import { readSkill } from './read-skill.ts'
import { resourcesOf } from './resources.ts'
import type { SkillFolder, SkillText } from './skill.ts'

/** Bytes of a `SKILL.md`. */
const LARGEST_SKILL = 100_000

const NOTHING = {
  ...{ description: null, deliverables: [], verify: null, backend: null, program: null },
  ...{ model: null, mode: null, permission: null, permissionRules: [] },
}

/** The skills of some folders, by name and then by which counts; and folders that could not be looked into. */
export interface FoundSkills {
  readonly skills: readonly SkillText[]
  readonly warnings: readonly Reason[]
}

/** Looks into every folder; what cannot be read or used is there with its problem. */
export function findSkills(folders: readonly SkillFolder[]): FoundSkills {
  const warnings: Reason[] = []
  const first = new Map<string, string>()
  const found = folders
    .flatMap((folder) => namesIn(folder, warnings).map((name) => skillAt(folder, name)))
    .filter((one) => one !== null)
    .map((one): SkillText => {
      const { name, file } = one.skill
      const shadowedBy = first.get(name) ?? null
      if (shadowedBy === null) first.set(name, file)
      return { ...one, skill: { ...one.skill, shadowedBy } }
    })
  const byName = ({ skill: a }: SkillText, { skill: b }: SkillText): number =>
    a.name < b.name ? -1 : Number(a.name > b.name)
  return { skills: found.sort(byName), warnings }
}

/**
 * The skill that counts for a name.
 * @throws OrchError `SKILL_NOT_FOUND` with the names that may have been meant; `SKILL_INVALID` for one that cannot be used
 */
export function findSkill(folders: readonly SkillFolder[], name: string): SkillText {
  const { skills, warnings } = findSkills(folders)
  const found = skills.find(({ skill }) => skill.name === name && skill.shadowedBy === null)
  if (found === undefined) throw unknownSkill(name, { skills, warnings })
  const { problem, file } = found.skill
  if (problem === null) return found
  throw new OrchError('SKILL_INVALID', `Cannot use the skill "${name}": ${problem.text}`, { hint: `Mend "${file}"` })
}

function namesIn({ path }: SkillFolder, warnings: Reason[]): readonly string[] {
  try {
    return readdirSync(path).sort()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    const error = fileError(cause, `Cannot look for skills in "${path}"`, 'FILE_NOT_FOUND')
    warnings.push({ code: error.code, text: error.message })
    return []
  }
}

/** `null` for what is no skill. */
function skillAt({ path, origin }: SkillFolder, folder: string): SkillText | null {
  const file = join(path, folder, 'SKILL.md')
  const found = { name: folder, file, origin, shadowedBy: null, ...NOTHING, resources: [] }
  const without = (text: string): SkillText => ({
    skill: { ...found, problem: { code: 'SKILL_INVALID', text } },
    text: '',
  })
  try {
    const content = readTextFileIfThere(file, `Cannot read "${file}"`, LARGEST_SKILL)
    if (content === null) return null
    const read = readSkill(content)
    if (typeof read === 'string') return without(read)
    const { said, text } = read
    const skill = { ...found, ...said, name: said.name ?? folder, resources: resourcesOf(dirname(file)), problem: null }
    return { skill, text }
  } catch (error) {
    if (!isOrchError(error)) throw error
    return without(`${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`)
  }
}

function unknownSkill(name: string, { skills, warnings }: FoundSkills): OrchError {
  const known = [...new Set(skills.map(({ skill }) => skill.name))]
  const near = nearNames(name, known)
  const state = known.length === 0 ? 'there are no skills' : 'there is none of this name'
  const unseen = warnings.map(({ text }) => `; ${text.charAt(0).toLowerCase()}${text.slice(1)}`).join('')
  return new OrchError('SKILL_NOT_FOUND', `Cannot find the skill ${JSON.stringify(name)}: ${state}${unseen}`, {
    hint:
      near.length === 0
        ? 'Run "orch skills": it lists them, and where they are looked for'
        : `Did you mean ${near.map((one) => `"--skill ${one}"`).join(' or ')}?`,
  })
}
