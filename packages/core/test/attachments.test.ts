import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { perTest } from '../../../tests/harness/scope.ts'
import { temporaryFolder } from '../../../tests/harness/temporary-folder.ts'
import { checkAttachments, LARGEST_ATTACHMENTS, readAttachment } from '../src/attachments.ts'

const scope = perTest()
let folder: string

beforeEach(async () => {
  folder = (await scope.use(temporaryFolder())).path
})

const write = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content)
  return name
}

describe('checkAttachments()', () => {
  it.each([
    ['image/png', Buffer.from('\x89PNG\r\n\x1a\n…', 'latin1')],
    ['image/jpeg', Buffer.from('\xff\xd8\xff\xe0', 'latin1')],
    ['image/gif', Buffer.from('GIF89a')],
    ['image/webp', Buffer.from('RIFF\x22\0\0\0WEBPVP8 ', 'latin1')],
    ['application/pdf', Buffer.from('%PDF-1.7\n')],
    ['text/plain', Buffer.from('<svg/> ünï 🎉')],
    ['text/plain', Buffer.alloc(0)],
  ])('knows %s by its content, whatever it is called', async (mime, content) => {
    const name = write('a b.txt', content)
    expect(await checkAttachments([name], folder)).toEqual([{ path: join(folder, name), mime, name }])
  })

  it.each([Buffer.from('text with \0'), Buffer.from([0x66, 0xff, 0xfe]), Buffer.from('PK\x03\x04\xff', 'latin1')])(
    'refuses what no model takes: %j',
    async (content) => {
      const refusal = { code: 'UNSUPPORTED', outcome: 'none', message: expect.stringContaining('neither') }
      await expect(checkAttachments([write('image.png', content)], folder)).rejects.toMatchObject(refusal)
    },
  )

  it('takes any name there is', async () => {
    const name = write(`it's a "name"\n;🎉${'x'.repeat(200)}`, '1')
    expect(await checkAttachments([name], folder)).toEqual([{ path: join(folder, name), mime: 'text/plain', name }])
  })

  it('keeps the order, takes absolute paths, and follows links', async () => {
    write('one', '1')
    symlinkSync(join(folder, 'one'), join(folder, 'two'))
    const names = (await checkAttachments(['two', join(folder, 'one')], folder)).map(({ name }) => name)
    expect(names).toEqual(['two', 'one'])
  })

  it.each([
    ['is not there', () => {}, 'ENOENT'],
    ['is a directory', (path: string) => mkdirSync(path), 'it is a directory'],
    ['is a pipe', (path: string) => execFileSync('mkfifo', [path]), 'it is no regular file'],
  ] as const)('refuses what %s', async (_, make, text) => {
    make(join(folder, 'it'))
    await expect(checkAttachments(['it'], folder)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      outcome: 'none',
      message: expect.stringContaining(text),
    })
  })

  it('refuses more than fits into one message, and says how much that is', async () => {
    write('half', Buffer.alloc(LARGEST_ATTACHMENTS / 2, 'x'))
    expect(await checkAttachments(['half', 'half'], folder)).toHaveLength(2)
    write('one', 'x')
    await expect(checkAttachments(['half', 'half', 'one'], folder)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/5000001 bytes.*5000000/),
    })
    truncateSync(join(folder, 'one'), 1e12)
    await expect(checkAttachments(['one'], folder)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

it('readAttachment() says so when the file is not there any more', async () => {
  const [file] = await checkAttachments([write('note', 'text')], folder)
  if (file === undefined) throw new Error('There is one file')
  expect(await readAttachment(file)).toBe('dGV4dA==')
  rmSync(file.path)
  await expect(readAttachment(file)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND', outcome: 'none' })
})
