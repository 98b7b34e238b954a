import type { Reason } from '../agent.ts'
import type { PermissionMode, PermissionRule } from '../backend.ts'

/** So many files of a skill are named, and not more. */
export const MOST_RESOURCES = 100

/** Who a folder of skills belongs to. */
export type SkillOrigin = 'project' | 'configuration' | 'user'

/** A place where skills are looked for. */
export interface SkillFolder {
  /** Absolute. */
  readonly path: string
  readonly origin: SkillOrigin
}

/** A way of working on a task that somebody wrote down: a folder with a `SKILL.md`. */
export interface Skill {
  /** As its front matter names it, else as its folder is called. */
  readonly name: string
  readonly description: string | null
  /** Its `SKILL.md`; absolute. */
  readonly file: string
  readonly origin: SkillOrigin
  /** What an agent that works by it has to make, as `--deliverable`. */
  readonly deliverables: readonly string[]
  /** The command that has to pass, as its words; `null` when it names none. */
  readonly verify: readonly string[] | null
  /** What counts where the caller says nothing else. */
  readonly backend: string | null
  readonly program: string | null
  readonly model: string | null
  readonly mode: string | null
  readonly permission: PermissionMode | null
  readonly permissionRules: readonly PermissionRule[]
  /** Files beside its `SKILL.md`, relative to its folder: the first hundred. */
  readonly resources: readonly string[]
  /** The `SKILL.md` that counts for this name instead; `null` for the one that counts. */
  readonly shadowedBy: string | null
  /** Why it cannot be used. */
  readonly problem: Reason | null
}

/** A skill with the text that an agent is to work by. */
export interface SkillText {
  readonly skill: Skill
  readonly text: string
}
