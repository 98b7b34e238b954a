import { dirname, join, resolve } from 'node:path'
import type { Reason } from '../agent.ts'
import { configDirectory } from '../config/config.ts'
import { OrchError } from '../errors.ts'
import type { SpawnOptions } from '../orchestrator/options.ts'
import type { Orch } from '../orchestrator/orch.ts'
import type { AgentRecord } from '../registry/record.ts'
import type { SkillText } from '../skills/skill.ts'
import { readTextFile } from '../text-file.ts'
import { type ContextTemplate, DEFAULT_TEMPLATE, fillTemplate } from '../workspace/context-template.ts'
import { readTemplate } from '../workspace/read-template.ts'
import { type ContextFile, type ContextSkill, contextParts } from '../workspace/spawn-context.ts'

/** Bytes of one file of `--context`, and of a whole context: beside it a model needs room to work. */
const LARGEST_FILE = 200_000
const LARGEST_CONTEXT = 500_000

/** All that a context is made from but the record: read before anything is made. */
export interface Brief {
  /** The whole task; the record may hold only its beginning. */
  readonly task: string
  readonly template: ContextTemplate
  readonly files: readonly ContextFile[]
  readonly skill: ContextSkill | null
}

/** The fields of a record that stand in its agent's context. */
export type BriefedAgent = Pick<AgentRecord, 'id' | 'project' | 'directory' | 'workspace' | 'deliverables' | 'verify'>

/**
 * Reads what a new agent's context is made from.
 * @throws OrchError `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK`, `USAGE` for files that cannot be read or are too large
 */
export function takeBrief(orch: Orch, options: SpawnOptions, chosen: SkillText | null): Brief {
  const files = [...new Set((options.context ?? []).map((path) => resolve(orch.directory, path)))]
  return {
    task: options.task,
    template: readTemplate([join(orch.project, '.orch'), configDirectory(orch.env)]) ?? DEFAULT_TEMPLATE,
    files: files.map((path) => ({
      path,
      text: readTextFile(path, `Cannot give the agent the file "${path}"`, LARGEST_FILE),
    })),
    skill: chosen === null ? null : contextSkill(chosen),
  }
}

function contextSkill({ skill: { name, file, resources }, text }: SkillText): ContextSkill {
  return { name, folder: dirname(file), text, resources }
}

/** A context as the agent gets it. */
export interface WrittenContext {
  readonly text: string
  /** What of it was left out, and by whom. */
  readonly warnings: readonly Reason[]
}

/**
 * The context of an agent.
 * @throws OrchError `CONFIG_INVALID` for a template that cannot be used, `USAGE` for a context of more than 500,000 bytes
 */
export function writeContext(orch: Orch, record: BriefedAgent, brief: Brief): WrittenContext {
  const { template, ...given } = brief
  const parts = contextParts({ ...record, ...given, command: orch.command })
  const { text, leftOut } = fillTemplate(template, parts)
  const bytes = Buffer.byteLength(text)
  if (bytes > LARGEST_CONTEXT) throw tooLarge(bytes, parts)
  const warnings = leftOut.map((name) => ({
    code: 'TEMPLATE_LEAVES_OUT',
    text: `The template "${template.file}" has no "{{${name}}}": the agent is not told of it`,
  }))
  return { text, warnings }
}

function tooLarge(bytes: number, parts: Readonly<Record<string, string>>): OrchError {
  const [largest] = Object.entries(parts)
    .map(([name, part]) => ({ name, bytes: Buffer.byteLength(part) }))
    .sort((a, b) => b.bytes - a.bytes)
  const state = `what it would be told has ${bytes} bytes, more than ${LARGEST_CONTEXT}`
  const most = largest === undefined ? '' : `, most of them its ${largest.name} (${largest.bytes})`
  return new OrchError('USAGE', `Cannot spawn an agent: ${state}${most}`, {
    hint: 'Put long texts in files of the project and name those: the agent reads them itself',
  })
}
