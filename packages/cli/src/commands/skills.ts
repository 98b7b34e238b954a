import { joinWords, type Skill, type SkillsDocument, skills } from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { oneLine, type Page, type Part, styled } from '../page.ts'
import { permissionText } from '../permission.ts'
import { runAsScript } from '../run-as-script.ts'

/** `orch skills`. */
export const command: Command<SkillsDocument> = defineCommand({
  command: 'skills',
  describe: 'List the skills that agents can work by, and which counts where two have one name',
  examples: [
    ['orch skills', 'those of the project, the configuration and the user, in this order'],
    ['orch spawn "Find the cause" --skill investigate', 'an agent that works by one'],
  ],
  run: async (_args, context) => skills(await context.orch()),
  render,
})

function render({ skills: found, folders }: SkillsDocument, page: Page): void {
  if (found.length === 0) {
    page.note('orch: There are no skills. A skill is a folder with a SKILL.md, in one of:')
    for (const { path } of folders) page.note(`  ${oneLine(path)}`)
    return
  }
  for (const skill of found) {
    page.line(nameOf(skill), `  ${skill.origin}  `, whatOf(skill))
    page.line(styled('dim', `  ${oneLine(skill.file)}`))
  }
}

function nameOf({ name, problem, shadowedBy }: Skill): Part {
  if (shadowedBy !== null) return styled('dim', oneLine(name))
  return styled(problem === null ? 'bold' : 'red', oneLine(name))
}

function whatOf(skill: Skill): Part {
  if (skill.shadowedBy !== null) return styled('dim', 'does not count: the first of this name does')
  if (skill.problem !== null) return styled('red', `cannot be used: ${oneLine(skill.problem.text)}`)
  const { deliverables, verify, backend, program, model, mode, description } = skill
  const own = [
    [backend, program, model, mode, permissionText(skill)].filter(Boolean).join(', '),
    deliverables.length === 0 ? '' : `makes ${deliverables.join(', ')}`,
    verify === null ? '' : `verified by ${joinWords(verify)}`,
  ].filter(Boolean)
  return oneLine(`${oneLine(description ?? '', 120)} ${own.length === 0 ? '' : `(${own.join('; ')})`}`)
}

runAsScript(import.meta, command)
