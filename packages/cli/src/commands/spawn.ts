import {
  previewSpawn,
  type SpawnDocument,
  type SpawnEachDocument,
  type SpawnPreviewDocument,
  type SpawnPreviewEachDocument,
  spawn,
} from '@orch/core'
import { type Command, defineCommand } from '../define-command.ts'
import { EXIT, WAIT_EXIT_CODES } from '../exit-codes.ts'
import { ATTACH_OPTION, attached, FILE_OPTION, listOption, TURN_OPTIONS, turnOptions } from '../options.ts'
import { oneLine, type Page, styled } from '../page.ts'
import { spawnEachExitCode, writeSpawnedEach } from '../render/spawn-each.ts'
import { writeTurnEnd } from '../render/turn-end.ts'
import { runAsScript } from '../run-as-script.ts'
import { CONTEXT_OPTIONS, hintForUnknown } from '../spawn/context.ts'
import { LINEAGE_OPTIONS } from '../spawn/lineage.ts'
import { isPreview, PREVIEW_OPTIONS, writePreview } from '../spawn/preview.ts'
import { QUEUE_OPTIONS } from '../spawn/queue.ts'
import { runsOwnProgram, taskOptions } from '../spawn/task.ts'
import { WORKTREE_OPTIONS } from '../spawn/worktree.ts'

/** `orch spawn`: its task comes from one argument, a file or stdin. */
export const command: Command<SpawnDocument | SpawnEachDocument | SpawnPreviewDocument | SpawnPreviewEachDocument> =
  defineCommand({
    command: 'spawn [task]',
    describe: 'Start an agent on a task',
    positionals: { task: { type: 'string', describe: 'The whole task, in quotes; - reads it from stdin' } },
    options: {
      file: FILE_OPTION,
      attach: ATTACH_OPTION,
      name: { type: 'string', requiresArg: true, describe: 'The first part of the id' },
      model: { type: 'string', requiresArg: true, describe: 'The model, as the backend or the configuration names it' },
      as: { type: 'string', requiresArg: true, describe: 'The agent definition (build, plan …)' },
      program: {
        type: 'string',
        describe: 'A configured program; or "--program -- CMD ARG…" at the end of the line',
      },
      key: { type: 'string', requiresArg: true, describe: 'At most one agent per project and key' },
      permission: listOption('allow, ask or deny what would be asked; or a rule, "bash:git *=allow"'),
      ...CONTEXT_OPTIONS,
      ...LINEAGE_OPTIONS,
      ...WORKTREE_OPTIONS,
      ...QUEUE_OPTIONS,
      ...PREVIEW_OPTIONS,
      ...TURN_OPTIONS,
    },
    takesRest: true,
    examples: [
      ['orch spawn "Fix the login redirect"', 'starts an agent on the default backend'],
      ['orch spawn --file task.md --key issue-12', 'the task of a file, never twice'],
      ['orch spawn "Follow the plan" --context plan.md', 'with the whole text of a file'],
      ['orch spawn "Add a changelog" --deliverable CHANGES.md --verify "npm test"', 'says what done means'],
      ['orch spawn "Fix it" --skill careful --dry-run', 'shows what would be made, and its whole context'],
      ['orch spawn "Write its tests" --after fix-login', 'starts it once that agent is done'],
      [
        'orch spawn --each tasks.txt --max-parallel 3 --key batch',
        'an agent for each line, three at once, never twice',
      ],
      ['orch spawn "Tidy up" --permission deny', 'refuses what would be asked: it never waits'],
      ['orch spawn "Say hello" --program -- ./agent -v', 'runs any program'],
    ],
    hintForUnknown,
    run: async (args, context) => {
      const turn = turnOptions(args)
      if (args.each !== undefined || args.number !== undefined) {
        const { runEach } = await import('../spawn/each.ts')
        return runEach(args, context, { specs: command.options, turn })
      }
      const options = taskOptions(args)
      const rest = runsOwnProgram(args) ? [] : args.rest
      const task = await context.text('task', { argument: args.task, rest, file: args.file })
      if (isPreview(args)) return await previewSpawn(await context.orch(), { task, ...options, signal: context.signal })
      context.spinner.say(turn.wait === true ? 'Waiting for its answer' : 'Starting an agent')
      const document = await spawn(await context.orch(), {
        task,
        ...options,
        ...turn,
        onClaimed: (id) => context.begun.push(id),
        onWait: (why) => context.say(why),
        signal: context.signal,
      })
      return isTaskOf(document, task, attached(args)) ? document : withTaskWarning(document)
    },
    render: (document, page) => {
      if ('dryRun' in document) writePreview(page, document)
      else if ('results' in document) writeSpawnedEach(page, document)
      else render(document, page)
    },
    exitCode: (document) => {
      if ('dryRun' in document) return EXIT.ok
      if ('results' in document) return spawnEachExitCode(document)
      return document.outcome === null ? EXIT.ok : WAIT_EXIT_CODES[document.outcome]
    },
  })

/** Whether the agent has the task given, and its files; a long one is recorded only up to an ellipsis. */
function isTaskOf({ agent, created, attachments }: SpawnDocument, task: string, files: readonly string[]): boolean {
  if (created) return true
  if (files.join('\0') !== attachments.map(({ path }) => path).join('\0')) return false
  if (agent.task === task) return true
  return agent.task.endsWith('…') && task.startsWith(agent.task.slice(0, -1))
}

function withTaskWarning(document: SpawnDocument): SpawnDocument {
  const text = `The task of ${document.agent.id} is another one than the task given, which was not delivered`
  return { ...document, warnings: [...document.warnings, { code: 'TASK_DIFFERS', text }] }
}

function render(document: SpawnDocument, page: Page): void {
  const { agent, created, prompt, outcome } = document
  const awaited = outcome !== null
  if (awaited) page.note(agent.id)
  else if (!page.interactive) page.line(agent.id)
  else
    page.line(
      styled('bold', agent.id),
      created
        ? `  ${agent.state === 'queued' ? 'queued' : 'started'} on ${[agent.backend, agent.model].filter(Boolean).join(', ')}`
        : `  was there already, ${agent.state}`,
    )
  if (!created && (awaited || !page.interactive)) page.note(`orch: ${agent.id} was there already, ${agent.state}`)
  if (created && agent.state === 'queued') page.note(`orch: ${agent.id} is queued: ${oneLine(agent.reason.text)}`)
  if (prompt.delivery === 'refused' || prompt.delivery === 'unconfirmed')
    page.note(`orch: The task is ${prompt.delivery}: ${oneLine(prompt.reason?.text ?? '')}`)
  if (awaited) writeTurnEnd(page, agent.id, document)
  else if (page.interactive)
    page.note(agent.state === 'queued' ? `  → orch wait ${agent.id}` : `  → orch tail -f ${agent.id}`)
}

runAsScript(import.meta, command)
