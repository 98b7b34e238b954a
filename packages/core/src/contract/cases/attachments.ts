import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Attachment } from '../../agent.ts'
import type { CaseContext, ContractCase } from '../case.ts'
import { check, checkEqual, checkRejects } from '../check.ts'
import { countReceived } from '../looks.ts'
import { begun } from '../situations.ts'

const NOTE = Buffer.from('line one\nünï; C-c\n')
/** A picture of one pixel. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

export const attachmentCases: readonly ContractCase[] = [
  {
    id: 'send-carries-files',
    requires: ['attachments'],
    because: 'a picture of what is wrong must reach the model as it is',
    async run(t) {
      const agent = await begun(t)
      await withFiles(async ([note, dot]) => {
        const message = { ...t.message(t.world.prompts.answer('seen')), attachments: [note, dot] }
        const { delivery } = await t.backend.send(agent, message, t.signal)
        check(delivery !== 'refused', 'a text and an image are not refused')
        await t.eventually('the message arrives', async () =>
          (await countReceived(t, agent, message.text)) > 0 ? true : undefined,
        )
      })
      const got = await t.world.attached?.(agent)
      const expected = [NOTE, DOT].map((content) => content.toString('base64'))
      checkEqual(got, expected, 'the program or model got each file as it is, in order')
    },
  },
  {
    id: 'begin-carries-files',
    requires: ['attachments'],
    because: 'a task is often a picture and a sentence',
    async run(t) {
      const { ref, result } = await t.create()
      if (result.begun) return
      await withFiles(async ([note]) => {
        const message = { ...t.message(t.world.prompts.answer('begun')), attachments: [note] }
        await t.backend.begin(ref, message, t.signal)
        await t.eventually('the task arrives', async () =>
          (await countReceived(t, ref, message.text)) > 0 ? true : undefined,
        )
      })
      checkEqual(await t.world.attached?.(ref), [NOTE.toString('base64')], 'the file came with the task')
    },
  },
  {
    id: 'send-without-its-file-sends-nothing',
    requires: ['attachments'],
    because: 'a file may be gone between the check and the delivery; half a message misleads',
    async run(t) {
      const agent = await begun(t)
      const gone = await withFiles(async ([note]) => note)
      const message = { ...t.message('look at this'), attachments: [gone] }
      const sent = t.backend.send(agent, message, t.signal)
      await checkRejects(sent, ['FILE_NOT_FOUND'], 'send() with a file that is gone rejects with FILE_NOT_FOUND')
      await restAfter(t, agent)
      checkEqual(await countReceived(t, agent, message.text), 0, 'nothing of that message arrived')
    },
  },
]

async function restAfter(t: CaseContext, agent: Parameters<CaseContext['send']>[0]): Promise<void> {
  const last = t.world.prompts.answer('the end')
  await t.send(agent, last)
  await t.rest(agent, last)
}

/** A text and an image, there as long as `use` takes. */
async function withFiles<T>(use: (files: readonly [Attachment, Attachment]) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'orch-contract-'))
  const file = (name: string, mime: string, content: Buffer): Attachment => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return { path, mime, name }
  }
  try {
    return await use([file('a note.txt', 'text/plain', NOTE), file('dot.png', 'image/png', DOT)])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
